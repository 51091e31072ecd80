"""The words the prompt reader knows: what each says of a face.

Phrases are written without accents, apostrophes and hyphens; alternatives are separated by '|'. British and American
spellings stand side by side.
"""

from __future__ import annotations

from collections.abc import Mapping

Values = Mapping[str, str | int | bool]


def _words(text: str) -> list[str]:
    return text.split()


CLOTH_COLOURS: dict[str, str] = {
    "black": "#1f2126", "white": "#f2f2ef", "grey": "#777d86", "gray": "#777d86", "charcoal": "#3a3f4a",
    "silver": "#b9bec6", "navy": "#27324f", "navy blue": "#27324f", "royal blue": "#2b4fb0", "sky blue": "#86bbe0",
    "baby blue": "#a9cfe6", "blue": "#2f5f9e", "indigo": "#3c3a86", "turquoise": "#21b3c0", "cyan": "#21b3c0",
    "teal": "#2a7f80", "mint": "#9fd3bd", "bottle green": "#1f5240", "green": "#2f7a52", "lime": "#9ac63c",
    "olive": "#6f7038", "khaki": "#a39a6b", "yellow": "#f0b83a", "gold": "#d2a13a", "golden": "#d2a13a",
    "mustard": "#c8962e", "orange": "#e8782a", "coral": "#ef7f68", "salmon": "#ec8f7c", "red": "#b5303a",
    "crimson": "#9b1f30", "scarlet": "#c4262b", "burgundy": "#7d1f2f", "maroon": "#6d2229", "wine red": "#7d1f2f",
    "pink": "#e07aa5", "hot pink": "#e83f8c", "magenta": "#c9368c", "purple": "#6a4a9c", "lilac": "#a996cf",
    "lavender": "#b6a9d8", "violet": "#6a4a9c", "brown": "#6a4a34", "beige": "#cdb897", "tan": "#c3a07a",
    "cream": "#efe4cf", "ivory": "#f3ecdc",
}  # fmt: skip
"""Colours of clothes and backgrounds."""

SHADES: dict[str, float] = {"dark": 0.62, "deep": 0.7, "light": 1.45, "pale": 1.6, "pastel": 1.6, "bright": 1.0}
"""Adjectives that make a colour darker (below 1) or lighter (above 1)."""

HAIR_COLOURS: dict[str, str] = {
    "jet black|raven|ebony|black": "black", "very dark|dark|dark brown|espresso": "dark_brown",
    "brown|light brown|brunette|mousy|chocolate": "brown", "chestnut": "chestnut", "auburn|reddish brown": "auburn",
    "red|ginger|copper|orange|fiery|strawberry blond|strawberry blonde": "ginger",
    "blond|blonde|golden|gold|honey|sandy|fair|light|yellow|dirty blond|dirty blonde|dark blond|dark blonde": "blond",
    "platinum|platinum blond|platinum blonde|bleached|ash blond|ash blonde|light blond|light blonde": "platinum",
    "grey|gray|silver|salt and pepper|greying|graying|silvery|steel": "grey", "white|snow white|snowy": "white",
    "blue|navy|navy blue|electric blue|teal|turquoise": "blue", "pink|hot pink|magenta": "pink",
    "green|lime|mint": "green", "purple|violet|lilac|lavender": "purple",
}  # fmt: skip

HAIR_STYLES: dict[str, str] = {
    "bald|balding|shaved|shaven": "bald", "buzzed|buzz cut|buzzcut|crew cut|cropped|very short": "buzz",
    "short|pixie|pixie cut|neat|combed": "short", "side parted|side part|side parting|parted": "sidepart",
    "quiff|pompadour|slicked back|slick|swept back|undercut|gelled": "quiff", "spiky|spiked|punk|mohawk": "spiky",
    "shaggy|messy|tousled|unkempt|wild|wavy|wavey|scruffy|dishevelled|disheveled|ruffled": "shaggy",
    "curly|frizzy|kinky|coily|afro|permed": "curly", "chin length|jaw length|bobbed": "bob",
    "long|very long|shoulder length|waist length|flowing|medium length": "long",
    "tied|tied back|pinned up|plaited|braided": "bun",
}  # fmt: skip

EYE_COLOURS: dict[str, str] = {
    "brown|chestnut|chocolate": "brown", "dark|dark brown|black": "dark", "hazel": "hazel",
    "amber|golden|gold|honey|light brown": "amber", "green|emerald": "green",
    "blue|light blue|ice blue|icy blue|sky blue|dark blue": "blue", "grey|gray|silver|steel": "grey",
    "violet|purple|lilac": "violet",
}  # fmt: skip

SKIN_TONES: dict[str, str] = {
    "pale|very pale|porcelain|very fair|milky|ivory": "pale", "fair|light|white|rosy": "fair",
    "light warm|warm|golden|honey|beige|yellow": "light_warm", "olive|mediterranean": "olive",
    "tan|tanned|light brown|caramel|sun tanned|bronzed|bronze": "tan",
    "brown|medium brown|wheatish|medium": "brown", "dark|dark brown|black|chocolate": "dark",
    "very dark|deep|deep brown|ebony": "deep",
}  # fmt: skip

VAGUE = frozenset(_words("short dark light fair wavy messy wild shaggy tousled"))
"""Adjectives that give way to a more telling one without a word: 'short curly hair', 'dark red hair'."""

_GLASS_SHAPES = {
    "round|rounded|circular|oval|wire|wire rimmed|small": "round",
    "square|squared|rectangular|angular|horn rimmed|thick|thick rimmed|big|large|nerdy|boxy": "square",
    "dark|tinted|sun|aviator|mirrored|cool": "sunglasses",
}
_SMILES = {
    "kind|gentle|sweet|tender|soft|loving": "kind", "big|broad|wide|bright|happy|huge|beaming|toothy|radiant": "happy",
    "slight|small|friendly|warm|subtle|shy|faint|little|nice|lovely|charming": "friendly",
    "smug|crooked|ironic|cheeky|sly|mischievous": "cool", "sad|wistful": "sad",
}  # fmt: skip
_LOOKS = {
    "serious|stern|grave|determined|confident|professional|focused": "serious", "kind|gentle|warm": "kind",
    "happy|joyful|cheerful": "happy", "sad|melancholic|sorrowful|tired": "sad", "angry|fierce|furious|grim": "angry",
    "surprised|shocked|astonished|amazed": "surprised", "neutral|calm|blank|relaxed": "neutral",
    "friendly|pleasant|open": "friendly", "cool|smug": "cool",
}  # fmt: skip
_SCENES = {
    "studio|plain|simple|neutral": "studio",
    "office": "office",
    "home": "home",
    "beach|sea|ocean|tropical": "beach",
    "forest|wood|woodland|nature|outdoor": "forest",
    "sunset|sunrise": "sunset",
    "night": "night",
    "party|colourful|colorful|club": "party",
    "dark|black": "dark",
    "white": "white",
}


def _field(name: str, table: Mapping[str, str]) -> dict[str, Values]:
    return {phrase: {name: value} for phrases, value in table.items() for phrase in phrases.split("|")}


def _plain(phrases: str) -> dict[str, Values]:
    return {phrase: {} for phrase in phrases.split("|")}


_CLOTH_COLOUR = _field("clothing_colour", CLOTH_COLOURS)

HEADS: dict[str, tuple[str, Values]] = {
    phrase: (subject, values)
    for phrases, subject, values in (
        ("hair|haired|locks|strands|hairstyle|haircut|hairdo", "hair", {}),
        ("curls|afro|ringlets", "hair", {"hair_style": "curly"}), ("bob|bob cut", "hair", {"hair_style": "bob"}),
        ("bun|ponytail|pony tail|topknot|top knot|chignon|updo|man bun|braids|plaits", "hair", {"hair_style": "bun"}),
        ("waves|mullet", "hair", {"hair_style": "shaggy"}), ("mohawk|spikes", "hair", {"hair_style": "spiky"}),
        ("quiff|pompadour|undercut", "hair", {"hair_style": "quiff"}),
        ("buzz cut|buzzcut|crew cut|buzz", "hair", {"hair_style": "buzz"}),
        ("pixie cut|pixie", "hair", {"hair_style": "short"}),
        ("dreadlocks|dreads|mane", "hair", {"hair_style": "long"}),
        ("side part|side parting|sidepart", "hair", {"hair_style": "sidepart"}),
        ("eyes|eye|eyed", "eyes", {}), ("skin|skinned|complexion|complexioned", "skin", {}),
        ("beard|bearded|facial hair|whiskers", "beard", {"beard": "full"}),
        ("moustache|mustache|mustachioed|moustached|mustached", "beard", {"beard": "moustache"}),
        ("goatee|van dyke|chin beard", "beard", {"beard": "goatee"}),
        ("stubble|five oclock shadow|5 oclock shadow", "beard", {"beard": "stubble"}),
        ("glasses|spectacles|specs|eyeglasses|eyewear", "glasses", {"glasses": "round"}),
        ("sunglasses|shades|sunnies|aviators|sun glasses|ray bans", "glasses", {"glasses": "sunglasses"}),
        ("freckles|freckled|freckly", "freckles", {"freckles": True}),
        ("smile|smiling|smiles|smiley", "smile", {"mood": "friendly"}),
        ("look|expression|face|looking|mood", "look", {}),
        ("background|backdrop|setting|scene|wall", "background", {}),
        ("suit|blazer|tuxedo|jacket|waistcoat|business suit|pinstripe suit|tie|necktie|bow tie|coat", "clothes",
         {"clothing": "suit"}),
        ("shirt|button down|dress shirt|lab coat|uniform|scrubs|polo|polo shirt", "clothes", {"clothing": "shirt"}),
        ("hoodie|hoody|sweatshirt|tracksuit|leather jacket|denim jacket|bomber jacket", "clothes",
         {"clothing": "hoodie"}),
        ("t shirt|tshirt|tee|tank top|jersey|kurta", "clothes", {"clothing": "tee"}),
        ("blouse|top|dress|gown|sari|saree|tunic", "clothes", {"clothing": "blouse"}),
        ("cardigan|sweater|jumper|pullover|turtleneck|knitwear|vest", "clothes", {"clothing": "cardigan"}),
        ("hawaiian shirt|party shirt|aloha shirt|party outfit|party dress|costume", "clothes", {"clothing": "party"}),
        ("clothes|clothing|outfit|garment", "clothes", {}),
    )
    for phrase in phrases.split("|")
}  # fmt: skip
"""Nouns that take adjectives: phrase → subject, and what the noun says by itself."""

MODIFIERS: dict[str, dict[str, Values]] = {
    "hair": {**_field("hair_colour", HAIR_COLOURS), **_field("hair_style", HAIR_STYLES),
             **_plain("straight|smooth|thick|dyed|coloured|colored|natural|shiny|glossy|silky|beautiful|elegant|"
                      "fine|thin|full")},
    "eyes": {**_field("eyes", EYE_COLOURS), **_plain("bright|deep|piercing|light|pale|beautiful|sparkling|dazzling"),
             **_field("mood", {"kind|gentle|warm|friendly": "kind", "sad|tired": "sad", "angry|fierce": "angry",
                               "smiling|happy|laughing": "friendly", "cold|stern": "serious"})},
    "skin": {**_field("skin", SKIN_TONES), **_plain("smooth|clear|beautiful|healthy|soft")},
    "beard": {**_plain("full|thick|bushy|long|big|trimmed|neat|short|well groomed|groomed|black|brown|dark|blond|"
                       "red|ginger|handlebar|pencil|small|thin"),
              **_field("beard", {"light|slight|designer|three day|3 day|scruffy": "stubble", "goatee": "goatee"}),
              **_field("hair_colour", {"grey|gray|silver|salt and pepper": "grey", "white": "white"})},
    "glasses": {**_field("glasses", _GLASS_SHAPES), **_plain("framed|rimmed|reading|elegant|stylish|modern")},
    "freckles": _plain("light|many|few|some|lots of|a few|cute|face"),
    "smile": _field("mood", _SMILES),
    "look": _field("mood", _LOOKS),
    "background": {**_field("background", CLOTH_COLOURS), **_field("background", _SCENES)},
    "clothes": {**_CLOTH_COLOUR, "dark": {"clothing_colour": "#2b3242"},
                **_plain("leather|denim|cotton|wool|woollen|woolen|knitted|knit|silk|linen|plain|elegant|formal|casual|"
                         "smart|simple|nice|warm|thick|new|long sleeved|short sleeved|collared|button up|business|"
                         "three piece|velvet"),
                **_field("clothing", {"colourful|colorful|floral|flowery|patterned|party|hawaiian|flashy|neon|"
                                      "rainbow|striped|sequin|sequined|glitter": "party"})},
}  # fmt: skip
"""subject → adjective phrase → what it says."""

PHRASES: dict[str, Values] = {
    phrase: values
    for phrases, values in (
        # gender
        ("man|guy|male|males|gentleman|dude|bloke|lad|mr|gent|husband|father|dad|uncle|king|prince|masculine|men",
         {"gender": "male"}),
        ("woman|lady|female|gal|mrs|ms|wife|mother|mum|mom|aunt|queen|princess|feminine|women", {"gender": "female"}),
        ("androgynous|nonbinary|non binary|enby|genderless|gender neutral|genderfluid", {"gender": "neutral"}),
        ("boy", {"gender": "male", "age": 19}), ("girl|maiden", {"gender": "female", "age": 20}),
        ("grandfather|grandpa|granddad|grandad", {"gender": "male", "age": 74}),
        ("grandmother|grandma|granny|nana|nan", {"gender": "female", "age": 74}),
        # age
        ("teen|teenage|teenager|teenaged|adolescent", {"age": 17}),
        ("young|youthful|young adult|youngish|youth", {"age": 25}), ("very young", {"age": 19}),
        ("adult|grown up", {"age": 33}), ("middle aged|mature|midlife", {"age": 49}),
        ("old|older|senior|aging|ageing|retired|pensioner", {"age": 68}),
        ("elderly|very old|aged|wrinkled|wrinkly", {"age": 76}), ("ancient", {"age": 86}),
        # ancestry
        ("indian|india|south indian|north indian|south asian|pakistani|bangladeshi|sri lankan|nepali|"
         "nepalese|desi|punjabi|tamil|bengali|gujarati",
         {"heritage": "south_asian"}),
        ("east asian|asian|oriental|japanese|japan|chinese|china|korean|korea|vietnamese|thai|filipino|"
         "filipina|indonesian|malaysian|taiwanese|mongolian|cambodian|burmese|singaporean|southeast asian|"
         "south east asian",
         {"heritage": "east_asian"}),
        ("black|african|africa|african american|afro american|nigerian|kenyan|ethiopian|ghanaian|somali|"
         "senegalese|jamaican|haitian|caribbean|congolese|ugandan|sudanese|zulu|afro",
         {"heritage": "black"}),
        ("white|caucasian|european|europe|scandinavian|nordic|irish|scottish|english|british|welsh|"
         "german|dutch|french|swiss|austrian|belgian|swedish|norwegian|danish|finnish|icelandic|polish|"
         "russian|ukrainian|czech|hungarian|romanian|slavic|baltic|anglo",
         {"heritage": "white"}),
        ("italian|spanish|greek|portuguese|mediterranean|sicilian",
         {"heritage": "white", "skin": "olive"}),
        ("latino|latina|latin|hispanic|mexican|mexico|brazilian|brazil|colombian|argentinian|peruvian|"
         "chilean|cuban|puerto rican|venezuelan|latin american|south american",
         {"heritage": "latino"}),
        ("arab|arabic|arabian|persian|iranian|turkish|middle eastern|egyptian|lebanese|syrian|iraqi|"
         "moroccan|algerian|tunisian|israeli|kurdish|saudi|afghan|palestinian|jordanian|berber",
         {"heritage": "middle_eastern"}),
        # skin without the noun
        ("pale", {"skin": "pale"}), ("tan|tanned|suntanned|sun tanned", {"skin": "tan"}),
        ("dark skin|darkskinned", {"skin": "dark"}),
        # hair without the noun
        ("bald|no hair|baldheaded|shaved head|shaven head|hairless|bald head|bald headed", {"hair_style": "bald"}),
        ("blond|blonde|fair haired", {"hair_colour": "blond"}), ("brunette", {"hair_colour": "brown"}),
        ("redhead|redheaded|red headed|red head|ginger|titian", {"hair_colour": "ginger"}),
        ("auburn", {"hair_colour": "auburn"}), ("platinum blond|platinum blonde", {"hair_colour": "platinum"}),
        ("grey haired|greying|graying|salt and pepper", {"hair_colour": "grey"}),
        ("curly|curly haired|frizzy", {"hair_style": "curly"}), ("shaggy|tousled|scruffy", {"hair_style": "shaggy"}),
        ("spiky|spiked", {"hair_style": "spiky"}),
        # beard and eyes without the noun
        ("clean shaven|cleanshaven|beardless|smooth shaven|shaven|shaved", {"beard": "none"}),
        ("unshaven|stubbly|stubbled", {"beard": "stubble"}),
        ("hazel", {"eyes": "hazel"}), ("bespectacled", {"glasses": "round"}),
        # mood
        ("friendly|warm|cheerful|pleasant|welcoming|approachable|optimistic", {"mood": "friendly"}),
        ("happy|joyful|excited|grin|grinning|beaming|joyous|enthusiastic|jolly|merry", {"mood": "happy"}),
        ("laughing|laugh|laughs|laughter|hilarious|ecstatic", {"mood": "laughing"}),
        ("kind|gentle|sweet|caring|loving|kindly|kind hearted|wise|tender", {"mood": "kind"}),
        ("serious|stern|strict|formal|determined|solemn|unsmiling|focused|thoughtful|grumpy|severe|pensive",
         {"mood": "serious"}),
        ("angry|furious|mad|fierce|enraged|frowning|evil|aggressive", {"mood": "angry"}),
        ("sad|unhappy|melancholic|melancholy|depressed|gloomy|crying|tearful|lonely", {"mood": "sad"}),
        ("surprised|shocked|amazed|astonished|startled|scared", {"mood": "surprised"}),
        ("cool|smirk|smirking|ironic|cheeky|smug|laid back|confident|sassy|swagger", {"mood": "cool"}),
        ("neutral|calm|relaxed|peaceful|serene|deadpan|expressionless|emotionless", {"mood": "neutral"}),
        # places
        ("in the office|in an office|at the office|at work|in his office|in her office", {"background": "office"}),
        ("at home|living room|kitchen|bedroom|indoors|inside|cosy room|cozy room", {"background": "home"}),
        ("beach|seaside|at sea|by the sea|ocean|tropical|tropics|island|coast|on holiday|on vacation",
         {"background": "beach"}),
        ("forest|woods|woodland|jungle|park|garden|nature|outdoors|outside|mountains|countryside",
         {"background": "forest"}),
        ("sunset|sunrise|golden hour|dusk|dawn|desert", {"background": "sunset"}),
        ("night|at night|nighttime|midnight|city lights|under the stars", {"background": "night"}),
        ("at a party|in a club|nightclub|disco|concert|festival|carnival|on stage", {"background": "party"}),
        ("photo studio|studio|studio light|studio lighting", {"background": "studio"}),
    )
    for phrase in phrases.split("|")
}  # fmt: skip
"""Phrases that say something by themselves."""

HINTS: dict[str, Values] = {
    phrase: values
    for phrases, values in (
        ("he|his|him|himself", {"gender": "male"}), ("she|her|hers|herself", {"gender": "female"}),
        ("good|nice|decent|lovely|charming|polite|sympathetic", {"mood": "friendly"}),
        ("office|office employee|office worker|employee|clerk|secretary|receptionist|accountant|assistant|analyst|"
         "administrator|bureaucrat|civil servant", {"clothing": "shirt", "background": "office"}),
        ("business|business person|businessperson|executive|lawyer|attorney|banker|politician|manager|ceo|boss|"
         "salesman|saleswoman|consultant|diplomat|professional|corporate|judge|president|agent|butler|investor|director",
         {"clothing": "suit", "background": "office", "mood": "serious"}),
        ("businessman|salesman|gentleman", {"clothing": "suit", "gender": "male"}),
        ("businesswoman|saleswoman", {"clothing": "suit", "gender": "female"}),
        ("groom", {"clothing": "suit", "gender": "male"}),
        ("bride", {"clothing": "blouse", "clothing_colour": "#f2f2ef", "gender": "female"}),
        ("doctor|physician|scientist|chemist|dentist|surgeon|pharmacist|researcher|nurse|vet|veterinarian|chef|cook|"
         "baker", {"clothing": "shirt", "clothing_colour": "#f2f2ef"}),
        ("police officer|policeman|policewoman|soldier|pilot|firefighter|captain|sailor|officer|guard",
         {"clothing": "shirt", "clothing_colour": "#27324f", "mood": "serious"}),
        ("farmer|builder|mechanic|carpenter|plumber|electrician|gardener|craftsman|worker|fisherman|cowboy|lumberjack",
         {"clothing": "shirt", "clothing_colour": "#5b7390"}),
        ("engineer|architect|waiter|barista|bartender|driver|journalist|reporter|photographer", {"clothing": "shirt"}),
        ("waitress|actress|hostess|stewardess", {"clothing": "blouse", "gender": "female"}),
        ("actor", {"clothing": "tee", "gender": "male"}),
        ("teacher|professor|librarian|writer|author|poet|academic|scholar|philosopher|nerd|nerdy|geek|geeky|bookish",
         {"clothing": "cardigan", "glasses": "round"}),
        ("student|pupil|college student|university student", {"clothing": "hoodie", "age": 21}),
        ("gamer|skater|rapper|streamer|hacker|programmer|developer|coder|software engineer|youtuber|influencer|"
         "rebel|rebellious|teen|teenager", {"clothing": "hoodie"}),
        ("artist|painter|designer|musician|singer|guitarist|drummer|creative|hipster|bohemian|hippie",
         {"clothing": "tee", "hair_style": "shaggy"}),
        ("athlete|footballer|runner|coach|trainer|sporty|athletic|sportsman|casual|tourist|traveller|traveler",
         {"clothing": "tee"}),
        ("model|elegant|glamorous|fashionable|chic|stylish", {"clothing": "blouse"}),
        ("surfer|lifeguard|diver", {"clothing": "tee", "background": "beach", "skin": "tan"}),
        ("ranger|hiker|explorer|adventurer|hunter", {"clothing": "shirt", "background": "forest"}),
        ("party animal|partygoer|party|clubber|raver|dj|dancer|partying|reveller|festive",
         {"clothing": "party", "background": "party", "mood": "laughing", "glasses": "sunglasses"}),
        ("funky|crazy|eccentric|wild|flamboyant|colourful|colorful|clown|extravagant|disco",
         {"clothing": "party", "hair_style": "spiky", "mood": "happy"}),
        ("punk|punk rocker|goth|gothic|emo|rocker|rockstar|rock star|metalhead|biker",
         {"clothing": "hoodie", "clothing_colour": "#1f2126", "hair_style": "spiky", "mood": "cool"}),
    )
    for phrase in phrases.split("|")
}  # fmt: skip
"""Occupations and ways of life: what they suggest gives way to anything that is said outright."""

OPPOSITES: dict[str, str | bool] = {"glasses": "none", "beard": "none", "freckles": False, "mood": "neutral"}
"""What the negation of a field means; a negated phrase of another field is not understood."""

UNITS: dict[str, int] = dict(zip(_words("one two three four five six seven eight nine"), range(1, 10), strict=True))
TEENS: dict[str, int] = dict(zip(_words("sixteen seventeen eighteen nineteen"), range(16, 20), strict=True))
TENS: dict[str, int] = dict(
    zip(_words("twenty thirty forty fifty sixty seventy eighty ninety"), range(20, 100, 10), strict=True)
)
DECADES: dict[str, int] = dict(
    zip(_words("twenties thirties forties fifties sixties seventies eighties"), range(20, 90, 10), strict=True)
)
TOO_YOUNG = frozenset(_words("baby child children infant kid kids toddler newborn"))
THINGS = frozenset({*CLOTH_COLOURS, "kid leather", "kid glove", "kid gloves"})
"""Phrases that are no people, though their first word may be."""
"""Personas are adults or nearly so."""

NEGATORS = frozenset(_words("no not without never non nor neither sans lacking minus"))
BETWEEN = frozenset(
    _words("a an any the his her their at all too very really so wearing wears have having has with is")
)
"""Words that may stand between a negation and what it denies."""

SILENT = frozenset(
    _words(
        "a about above age aged all also an and any are around as at attractive avatar be beautiful been being "
        "best bit but by can character color colored colour coloured cut do does dressed dyed employee eyes face "
        "feature features for from full fully get gets give go got hair handsome has have having head headed human "
        "i image in into is it its just kind like little look looking looks lot lots made make me my of off old on "
        "one or our out own people person persona photo photograph photorealistic picture please portrait pretty "
        "quality quite rather realistic really said show shows skin slightly so some somebody someone something "
        "sort style such that the their them themselves they this to tone toned too type up us very virtual want "
        "wants was we wear wearing wears were which who whose with year years you your"
    )
)
"""Words that carry no attribute and need no report."""
