"""The shipped topics but "Torres coaching": their samples, and headlines that are none of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.config import load
from aggregator.topics import failing

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SHIPPED = load(Path(__file__).parents[2] / "config", environ={})
TOPICS = {topic.slug: topic for topic in SHIPPED.topics if topic.slug != "torres-coaching"}

# What each topic takes up, and what it leaves alone: in any language, as samples are tried.
HEADLINES = {
    "transfers": (
        """Arsenal complete £60m signing of striker from Leipzig
        Manchester City agree fee for Palace defender
        El Atlético ficha a un central italiano
        Juventus, ufficiale l'acquisto del difensore
        Dortmund verpflichtet Linksverteidiger
        PSG : un milieu brésilien en prêt
        Benfica confirma reforço para a defesa
        Feyenoord huurt spits van Ajax""",
        """Pitcher signs with the Mets
        City sign a new sleeve sponsor
        Goalkeeper signs new deal at Everton
        Midfielder signs autographs for young fans
        Fans sign petition against kick-off time""",
    ),
    "managers": (
        """Spurs appoint Frank as new head coach
        El Sevilla destituye a su entrenador
        Torino, esonerato l'allenatore
        Bochum entlässt Trainer nach Pleite
        Lyon se sépare de son entraîneur
        Presidente demite o treinador
        Ajax ontslaat trainer na nederlaag""",
        """Manager praises new signing
        Club appoints new chairman, says manager
        El entrenador renueva hasta 2028
        Trainer lobt die Defensive
        Coach crash injures ten fans""",
    ),
    "champions-league": (
        """Champions League: Dortmund gewinnt in Lille
        Noche de Champions en el Metropolitano
        Benfica vence na Liga dos Campeões
        Inter-Bayern, la Champions torna a San Siro
        Barça win Women's Champions League""",
        """CAF Champions League: Al Ahly through
        La Liga de Campeones Africana arranca
        Volleyball Champions League in Lodz
        European Rugby Champions Cup draw
        World champions on parade""",
    ),
    "premier-league": (
        """Premier League: Salah rescues Liverpool
        La Premier League aprueba nuevas reglas
        Premier League clubs vote on salary cap""",
        """Egyptian Premier League: Zamalek win
        Kazakhstan Premier League kicks off
        South African Premier League returns
        Premier League Darts reaches Berlin
        Premier League 2: Under-21s win
        Indian Premier League: Kohli hits century""",
    ),
    "la-liga": (
        """Villarreal se pone segundo
        Atlético: goleada en casa
        Barça remporte le derby
        Barcelona slip up in Pamplona""",
        """Barcelona Open: Ruud out
        Atlético Nacional campeón en Medellín
        Real Madrid baloncesto gana la Euroliga
        Barcelona women win again
        Liga MX: América gana""",
    ),
    "womens-football": (
        """Women's Nations League: Germany win
        England lead after first match of women's Euro
        Liga F: empate en Granada
        Brasileirão feminino: Corinthians vence no futebol
        Équipe de France féminine de football : la liste""",
        """Women's T20 World Cup: England lose
        Women's hockey league launched
        Women's British Open golf
        WSL surfing: Moore wins in Hawaii""",
    ),
    "injuries": (
        """Torn ACL ends season for forward
        Saka returns from hamstring injury
        Alaba, baja por lesión
        Neuer verletzt sich im Training
        Blessure : Coman forfait
        Infortunio Lukaku: fuori un mese
        Lesão tira Neymar do clássico""",
        """Injury time winner decides the match
        Goal ruled out by VAR
        Blessed to be here, says rookie""",
    ),
    "tennis": (
        """US Open: Gauff through in straight sets
        WTA: Swiatek falls in Rome
        Ténis: João Sousa termina carreira""",
        """Tischtennis: Ovtcharov siegt
        US Open golf: McIlroy leads
        AFC Wimbledon: keeper signs
        Badminton: French Open
        Ils ont tenu la Suisse en échec""",
    ),
    "formula-1": (
        """Formule 1 : Gasly cinquième
        Mexican Grand Prix: Norris, McLaren one-two
        GP Italia: trionfo Ferrari""",
        """Chess Grand Prix
        Gran Premio de Aragón: Márquez
        Show jumping Grand Prix team""",
    ),
    "nba": (
        """NBA, vince OKC
        Lakers sin LeBron""",
        """Celtic beat Rangers
        NRL Warriors beat Knights
        Euroliga: el Barça gana""",
    ),
    "cycling": (
        """Giro, la tappa di oggi
        Étape du Tour : victoire de Girmay
        Vuelta: la etapa reina
        Wielrennen: Van Aert wint
        Etappe 12 der Tour: Sprint in Nîmes""",
        """Segunda vuelta de LaLiga
        Giro di campo per Totti
        La vuelta al cole de los clubes
        Ida y vuelta de la Copa
        Cyclist killed by footballer's car""",
    ),
    "olympics": (
        """Olimpiadi, oro azzurro
        Jogos Olímpicos: Brasil
        Leichtathletik-EM in Birmingham
        World Athletics bans coach""",
        """Olympique de Marseille gagne
        Olympiacos beat Panathinaikos
        Olympiastadion: Hertha gewinnt
        Gol olímpico de Messi
        Wigan Athletic sign defender""",
    ),
}


def test_all_are_tried():
    assert TOPICS.keys() == HEADLINES.keys()


@pytest.mark.parametrize("slug", TOPICS)
def test_samples_hold_and_show_both_sides(slug):
    topic = TOPICS[slug]
    assert 4 <= len(topic.must) <= 8
    assert 4 <= len(topic.must_not) <= 8
    assert [str(one) for one in failing(SHIPPED.interests, [topic], now=NOW)] == []


@pytest.mark.parametrize("slug", HEADLINES)
def test_headlines_that_are_no_samples(slug):
    must, must_not = (tuple(map(str.strip, lines.splitlines())) for lines in HEADLINES[slug])
    topic = replace(TOPICS[slug], must=must, must_not=must_not)
    assert [str(one) for one in failing(SHIPPED.interests, [topic], now=NOW)] == []


def test_folders_that_topics_name_are_those_of_the_shipped_list():
    folders = {folder for feed in SHIPPED.subscriptions for folder in feed.folders}
    named = {name for topic in TOPICS.values() for name in topic.exclude}
    assert named
    assert named <= folders
