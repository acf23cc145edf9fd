using System.Globalization;
using System.Text;

namespace Morag.Failover.Chaos;

/// <summary>The settings of a plan as options on the command line.</summary>
internal static class ChaosOptions
{
    // Times are read modulo an hour if clocks jump, and everything has to come to rest within it too.
    private const double MostMinutesWithClocks = 30;

    private static readonly (string Name, string Meaning)[] All =
    [
        ("--seed", "draws the plan; without it, a fresh seed is drawn"),
        ("--profile", "which faults are drawn; see below"),
        ("--nodes", "how many nodes run, 1 to 9 (default 3)"),
        ("--agents", "how many agents run, 1 to 100 (default 10)"),
        ("--minutes", "how long faults and load last, 0.05 to 600 (default 10)"),
        ("--freeze", "the longest freeze in seconds, 2 to 600 (default 60)"),
        ("--rate", "how many tasks are submitted in a second, about, 0.1 to 1000 (default 40)"),
        ("--network", "what cuts links: namespaces (default, as root) or proxies"),
        ("--show", "yes prints the plan and runs nothing"),
    ];

    /// <summary>What to write when the options are wrong.</summary>
    public static string Usage
    {
        get
        {
            var usage = new StringBuilder("Puts real nodes, agents and Redis through a plan of faults, and checks the history.\n\n");
            foreach (var (name, meaning) in All)
            {
                usage.Append(CultureInfo.InvariantCulture, $"  {name,-12}{meaning}\n");
            }

            usage.Append("\nProfiles:\n");
            foreach (var profile in ChaosProfile.All)
            {
                usage.Append(CultureInfo.InvariantCulture, $"  {profile.Name,-12}{profile.Meaning}\n");
            }

            return usage.Append("\nExit code: 0 if every rule holds, 1 if not, 2 if the options are wrong, 3 if this machine cannot do it.")
                .ToString();
        }
    }

    /// <summary>Reads options.</summary>
    /// <param name="arguments">The command line.</param>
    /// <returns>The settings, and whether only to show the plan; or what is wrong.</returns>
    public static (ChaosSettings? Settings, bool ShowsOnly, string? Mistake) Read(IReadOnlyList<string> arguments)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var at = 0; at < arguments.Count; at += 2)
        {
            if (!All.Any(option => option.Name == arguments[at]) || at + 1 == arguments.Count)
            {
                return (null, false, $"{arguments[at]} is not an option with a value");
            }

            given[arguments[at]] = arguments[at + 1];
        }

        try
        {
            var settings = Of(given);
            return settings.Profile.Needs.Contains(Faults.FaultNeed.FakeTime) && settings.Length.TotalMinutes > MostMinutesWithClocks
                ? (null, false, $"a run in which clocks jump lasts at most {MostMinutesWithClocks} minutes")
                : (settings, given.GetValueOrDefault("--show") == "yes", null);
        }
        catch (FormatException wrong)
        {
            return (null, false, wrong.Message);
        }
    }

    /// <summary>The options that give these settings.</summary>
    public static string Of(ChaosSettings settings) => string.Create(
        CultureInfo.InvariantCulture,
        $"--seed {settings.Seed} --profile {settings.Profile.Name} --nodes {settings.Nodes} --agents {settings.Agents} "
        + $"--minutes {settings.Length.TotalMinutes:0.##} --freeze {settings.LongestFreeze.TotalSeconds:0} --rate {settings.Rate:0.#}"
        + $"{(settings.UsesProxies ? " --network proxies" : "")}");

    private static ChaosSettings Of(Dictionary<string, string> given)
    {
        return new ChaosSettings
        {
            Seed = given.TryGetValue("--seed", out var seed)
                ? uint.TryParse(seed, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    ? number
                    : throw new FormatException($"--seed {seed} is not a number from 0 to {uint.MaxValue}")
                : (uint)Random.Shared.Next(),
            Profile = given.TryGetValue("--profile", out var name)
                ? ChaosProfile.Find(name) ?? throw new FormatException($"{name} is not a profile")
                : ChaosProfile.All[0],
            Nodes = (int)Number("--nodes", 3, 1, 9),
            Agents = (int)Number("--agents", 10, 1, 100),
            Length = TimeSpan.FromMinutes(Number("--minutes", 10, 0.05, 600)),
            LongestFreeze = TimeSpan.FromSeconds(Number("--freeze", 60, 2, 600)),
            Rate = Number("--rate", 40, 0.1, 1000),
            UsesProxies = given.GetValueOrDefault("--network", "namespaces") switch
            {
                "namespaces" => false,
                "proxies" => true,
                var other => throw new FormatException($"--network {other} is neither namespaces nor proxies"),
            },
        };

        double Number(string option, double otherwise, double least, double most) =>
            !given.TryGetValue(option, out var text)
                ? otherwise
                : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
                    ? value
                    : throw new FormatException(
                        string.Create(CultureInfo.InvariantCulture, $"{option} {text} is not a number from {least} to {most}"));
    }
}
