"""What people might say of MSR-Action3D's twenty actions; the set itself has only their names.

Sides are not named: most subjects act with the right arm, not all do.
"""

CAPTIONS: dict[str, tuple[str, ...]] = {
    "high arm wave": (
        "a person raises one arm and waves it above the head",
        "someone waves with a hand held high",
        "a person waves high with one arm",
    ),
    "horizontal arm wave": (
        "a person waves one arm from side to side at chest height",
        "someone swings a hand sideways in front of the body",
        "a person sweeps one arm horizontally back and forth",
    ),
    "hammer": (
        "a person lifts one hand and strikes down as with a hammer",
        "someone hammers with one hand",
        "a person makes a hammering movement",
    ),
    "hand catch": (
        "a person reaches out and catches something with one hand",
        "someone snatches something out of the air",
        "a person makes a quick catch with one hand",
    ),
    "forward punch": (
        "a person punches forward",
        "someone throws a straight punch to the front",
        "a person thrusts one fist ahead",
    ),
    "high throw": (
        "a person throws something overhand",
        "someone lifts one arm over the head and throws",
        "a person throws an object high and far",
    ),
    "draw x": (
        "a person draws an x in the air with one hand",
        "someone draws two crossing strokes in front of the body",
        "a person moves one hand along the lines of an x",
    ),
    "draw tick": (
        "a person draws a tick in the air with one hand",
        "someone draws a check mark in front of the body",
        "a person moves one hand briefly down and then far up, like a tick",
    ),
    "draw circle": (
        "a person draws a circle in the air with one hand",
        "someone moves one hand around in a circle",
        "a person traces a circle in front of the body",
    ),
    "hand clap": (
        "a person claps the hands",
        "someone claps in front of the chest",
        "a person brings both hands together and claps",
    ),
    "two hand wave": (
        "a person waves with both hands",
        "someone lifts both arms and waves them",
        "a person waves both arms above the head",
    ),
    "side-boxing": (
        "a person boxes to the side",
        "someone throws a punch sideways",
        "a person stands in a boxing pose and punches to the side",
    ),
    "bend": (
        "a person bends forward",
        "someone bends down at the waist and rises again",
        "a person leans the upper body down",
    ),
    "forward kick": (
        "a person kicks forward",
        "someone swings one leg up to the front",
        "a person kicks something ahead with one foot",
    ),
    "side kick": (
        "a person kicks to the side",
        "someone swings one leg out sideways",
        "a person lifts one leg to the side and kicks",
    ),
    "jogging": (
        "a person jogs in place",
        "someone jogs on the spot",
        "a person runs slowly without leaving the place",
    ),
    "tennis swing": (
        "a person swings a tennis racket",
        "someone plays a tennis stroke",
        "a person hits a ball with a sideways swing, as in tennis",
    ),
    "tennis serve": (
        "a person serves in tennis",
        "someone throws a ball up and hits it from above, as in a tennis serve",
        "a person makes an overhead tennis serve",
    ),
    "golf swing": (
        "a person swings a golf club",
        "someone makes a golf swing with both hands",
        "a person winds up and swings down and through, as in golf",
    ),
    "pickup & throw": (
        "a person picks something up from the floor and throws it",
        "someone bends down, picks up an object and throws it",
        "a person stoops to lift something and then throws it",
    ),
}
"""By action, in the order of their numbers."""

ACTIONS = tuple(CAPTIONS)
