"""All settings, read once: arguments, then the environment, then `HOME/config.toml`, then defaults.

The only module that reads the environment. It knows no person and no store, and it never makes a
connection; an entrance calls `load` once and hands the parts on.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from ipse.errors import BrokenInput, UsageError
from ipse.llm.endpoint import NO_KEY, OPENAI_URL, Endpoint
from ipse.teacher.protocol import CoT

CONFIG_NAME = "config.toml"
_DEFAULT_HOME = Path("~/.ipse")
_EMBEDDED_BASE = Path(__file__).with_name("base")


class Settings(BaseSettings):
    """Environment names are these with IPSE_ before them; OPENAI_* keep their usual names."""

    model_config = SettingsConfigDict(env_prefix="IPSE_", env_ignore_empty=True, extra="forbid", frozen=True)

    home: Path = _DEFAULT_HOME
    teacher: Literal["offline", "llm"] = "offline"
    verbalizer: Literal["offline", "llm"] = "offline"
    """Who words the paragraph of the living profile while `ipse serve` runs; a model is the teacher's."""
    teacher_model: str | None = None
    agent_model: str | None = None
    judge_model: str | None = None
    base: Path = _EMBEDDED_BASE
    """Folder of the base model that adapters are trained on."""
    price_in: float | None = Field(default=None, ge=0)
    """For a million prompt tokens, in any currency; so is `price_out` for reply tokens."""
    price_out: float | None = Field(default=None, ge=0)
    concurrency: int = Field(default=4, ge=1, le=64)
    timeout: float = Field(default=60.0, gt=0)
    """Seconds a model server may take for one answer."""
    seed: int = 0
    cot: CoT = "none"
    openai_base_url: str | None = Field(default=None, validation_alias="openai_base_url")
    openai_api_key: SecretStr | None = Field(default=None, validation_alias="openai_api_key")

    @field_validator("home", "base")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().absolute()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings  # two places to look are enough
        home = {**env_settings(), **init_settings()}.get("home", _DEFAULT_HOME)
        file = Path(home).expanduser() / CONFIG_NAME
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file)

    def endpoint(self) -> Endpoint:
        """The model server. Raises UsageError when none was configured: nothing goes out by default."""
        if self.openai_base_url is None and self.openai_api_key is None:
            raise UsageError("no model server is configured; set OPENAI_BASE_URL, OPENAI_API_KEY or both")
        key = self.openai_api_key
        return Endpoint(
            base_url=self.openai_base_url or OPENAI_URL,
            api_key=NO_KEY if key is None else key.get_secret_value(),
            timeout=self.timeout,
            concurrency=self.concurrency,
        )

    def model_for(self, role: Literal["teacher", "agent", "judge"]) -> str:
        """The model's name for a role; the teacher judges unless a judge is named. Raises UsageError."""
        named = {"teacher": self.teacher_model, "agent": self.agent_model, "judge": self.judge_model}
        model = named[role] or (self.teacher_model if role == "judge" else None)
        if model is None:
            raise UsageError(
                f"no {role} model is named; set IPSE_{role.upper()}_MODEL or {role}_model in {CONFIG_NAME}"
            )
        return model


def load(home: Path | str | None = None, **given: Any) -> Settings:
    """Reads the settings; `home` and `given` (None counts as not given) win over everything else.

    Raises BrokenInput when `config.toml` is no TOML, UsageError when a value or a name is wrong.
    """
    chosen = {name: value for name, value in {"home": home, **given}.items() if value is not None}
    try:
        return Settings(**chosen)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BrokenInput(CONFIG_NAME, f"not valid TOML ({error}); correct it or remove it") from None
    except OSError as error:
        raise UsageError(f"{CONFIG_NAME} can't be read: {error.strerror}; check its permissions") from None
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        told = "; ".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in faults)
        raise UsageError(f"settings: {told}; see the IPSE_ variables and {CONFIG_NAME} in the home folder") from None
