"""What requests and answers look like; FastAPI makes the OpenAPI document of it."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from moclip.tasks.latents import SCALE
from moclip.tasks.library.clips import Clip as LibraryClip
from moclip.tasks.library.clips import Filter

ID = r"^[A-Za-z0-9_-]{1,64}$"


def _words(text: str) -> str:
    text = text.strip()
    if not text:
        raise ValueError("the prompt is empty")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("the prompt is no Unicode text") from None
    return text


Prompt = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_words)]
Id = Annotated[str, Field(pattern=ID)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Seconds = Annotated[float, Field(ge=0.5, le=10)]


class Shape(BaseModel):
    """Frozen; an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Problem(BaseModel):
    """What every refusal says."""

    detail: str


class Clip(Shape):
    """A motion that can be played."""

    id: str
    kind: Literal["library", "upload", "made"]
    title: str
    captions: list[str] = []
    labels: list[str] = []
    path: str | None = None
    start: float = 0.0
    end: float
    seconds: float
    frames: int
    fps: float

    @classmethod
    def of(cls, clip: LibraryClip, fps: float) -> "Clip":
        return cls(
            id=clip.id,
            kind="library",
            title=clip.title,
            captions=list(clip.captions),
            labels=list(clip.labels),
            path=clip.path,
            start=clip.start,
            end=clip.end,
            seconds=clip.seconds,
            frames=clip.frames,
            fps=fps,
        )


class Hit(Shape):
    """A clip and its cosine with the query."""

    clip: Clip
    score: float


class Clips(Shape):
    """Motions that were made."""

    clips: list[Clip]


class Page(Clips):
    """Some of the library's clips, and how many there are."""

    total: int


class Item(Shape):
    """A clip, or words."""

    clip: Id | None = None
    prompt: Prompt | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "Item":
        if (self.clip is None) == (self.prompt is None):
            raise ValueError("wanted either a clip or a prompt")
        return self


class Search(Shape):
    """What to look for, by words or by a clip."""

    query: Prompt | None = None
    clip: Id | None = None
    k: int = Field(12, ge=1, le=200)
    filter: Filter = Filter()

    @model_validator(mode="after")
    def _one_of_two(self) -> "Search":
        if (self.clip is None) == (self.query is None):
            raise ValueError("wanted either a query or a clip")
        return self


class Found(Shape):
    """The best first."""

    hits: list[Hit]
    milliseconds: float


class Encode(Shape):
    """What to encode, at most 64 things."""

    captions: list[Prompt] = Field([], max_length=64)
    clips: list[Id] = Field([], max_length=64)

    @model_validator(mode="after")
    def _some(self) -> "Encode":
        if not 1 <= len(self.captions) + len(self.clips) <= 64:
            raise ValueError("wanted 1 to 64 captions and clips")
        return self


class Vectors(Shape):
    """Unit vectors."""

    dim: int
    captions: list[list[float]]
    clips: list[list[float]]


class Generate(Shape):
    """Motion from words."""

    prompt: Prompt
    seconds: Seconds = 3.0
    seed: Seed = 0
    n: int = Field(1, ge=1, le=4)
    guidance: float | None = Field(None, ge=0, le=20)


class Edit(Shape):
    """``base - from + to``."""

    base: Item
    start: Item = Field(alias="from")
    end: Item = Field(alias="to")
    scale: float = Field(SCALE, ge=-4, le=4)
    seconds: Seconds | None = None
    seed: Seed = 0


class Interpolate(Shape):
    """From one to the other in steps."""

    one: Item
    other: Item
    steps: int = Field(5, ge=2, le=9)
    spherical: bool = False
    seconds: Seconds | None = None
    seed: Seed = 0


class Attack(Shape):
    """A prompt, and what is to be done to it."""

    prompt: Prompt
    attacks: list[str] = Field([], max_length=32)
    typed: Prompt | None = None
    strength: float | None = Field(None, ge=0, le=100)
    seed: Seed = 0
    k: int = Field(8, ge=1, le=50)


class Change(Shape):
    before: str
    after: str


class Word(Shape):
    """What the prompt is without one of its words."""

    word: str
    start: int
    end: int
    degrees: float
    cosine: float
    ranks: list[int]


class Outcome(Shape):
    """What an attack made of the prompt."""

    attack: str
    kind: Literal["attack", "embedding", "control", "typed"]
    strength: float
    text: str
    changes: list[Change]
    cosine: float
    degrees: float
    hits: list[Hit]
    ranks: list[int]


class Attacked(Shape):
    prompt: str
    hits: list[Hit]
    words: list[Word]
    outcomes: list[Outcome]


class Point(Shape):
    """A clip of the map."""

    id: str
    x: float
    y: float
    title: str
    label: str | None


class Map(Shape):
    method: Literal["pca"] = "pca"
    explained: list[float]
    total: int
    points: list[Point]
