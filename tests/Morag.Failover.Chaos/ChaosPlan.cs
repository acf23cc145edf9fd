using System.Globalization;
using Morag.Failover.Chaos.Faults;

namespace Morag.Failover.Chaos;

/// <summary>
/// What a seed means: the size of the cluster, and which fault happens when. The processes themselves are not deterministic.
/// </summary>
internal sealed record ChaosPlan
{
    public required uint Seed { get; init; }

    public required int Nodes { get; init; }

    /// <summary>How many <c>morag worker run</c> processes work.</summary>
    public required int Agents { get; init; }

    /// <summary>How long faults and load last. Afterwards everything has to come to rest.</summary>
    public required TimeSpan Length { get; init; }

    /// <summary>The faults, in the order in which they happen. Each ends before the next begins.</summary>
    public required IReadOnlyList<Fault> Faults { get; init; }

    /// <summary>How long the longest freeze of a process lasts.</summary>
    public required TimeSpan LongestFreeze { get; init; }

    /// <summary>The options that <see cref="Read"/> knows.</summary>
    public static IReadOnlySet<string> Options { get; } =
        new HashSet<string>(StringComparer.Ordinal) { "--seed", "--nodes", "--agents", "--minutes", "--freeze" };

    /// <summary>The options of this plan.</summary>
    public string Command => string.Create(
        CultureInfo.InvariantCulture,
        $"--seed {Seed} --nodes {Nodes} --agents {Agents} --minutes {Length.TotalMinutes:0.##} --freeze {LongestFreeze.TotalSeconds:0}");

    /// <summary>Draws the plan that options describe.</summary>
    /// <param name="options">Values by option. A missing seed is drawn.</param>
    public static ChaosPlan Read(IReadOnlyDictionary<string, string> options)
    {
        return Of(
            options.TryGetValue("--seed", out var seed) ? uint.Parse(seed, CultureInfo.InvariantCulture) : (uint)Random.Shared.Next(),
            (int)Number("--nodes", 3),
            (int)Number("--agents", 10),
            TimeSpan.FromMinutes(Number("--minutes", 10)),
            TimeSpan.FromSeconds(Number("--freeze", 60)));

        double Number(string option, double otherwise) =>
            options.TryGetValue(option, out var value) ? double.Parse(value, CultureInfo.InvariantCulture) : otherwise;
    }

    /// <summary>Draws a plan.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="nodes">How many nodes, 1 or more.</param>
    /// <param name="agents">How many agents, 1 or more.</param>
    /// <param name="length">How long faults and load last.</param>
    /// <param name="longestFreeze">The longest freeze of a process or of Redis.</param>
    public static ChaosPlan Of(uint seed, int nodes, int agents, TimeSpan length, TimeSpan longestFreeze)
    {
        var random = new Random(unchecked((int)seed));
        var faults = new List<Fault>();
        var at = TimeSpan.FromSeconds(1 + (2 * random.NextDouble()));
        while (at < length)
        {
            var fault = Draw(random, nodes, agents, longestFreeze) with { At = at };
            faults.Add(fault);
            at += fault.For + TimeSpan.FromSeconds(1 + (4 * random.NextDouble()));
        }

        return new ChaosPlan
        {
            Seed = seed,
            Nodes = nodes,
            Agents = agents,
            Length = length,
            LongestFreeze = longestFreeze,
            Faults = faults,
        };
    }

    /// <inheritdoc />
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"seed {Seed}, {Nodes} nodes, {Agents} agents, {Length.TotalSeconds:0} s\n{string.Join('\n', Faults)}");

    private static Fault Draw(Random random, int nodes, int agents, TimeSpan longestFreeze)
    {
        var kind = random.Next(100) switch
        {
            < 25 => FaultKind.NodeKilled,
            < 40 => FaultKind.NodeFrozen,
            < 55 => FaultKind.NodeRestarted,
            < 75 => FaultKind.AgentKilled,
            < 85 => FaultKind.AgentFrozen,
            < 93 => FaultKind.RedisFrozen,
            _ => FaultKind.RedisKilled,
        };
        var lasts = kind switch
        {
            FaultKind.NodeFrozen or FaultKind.AgentFrozen => 1 + (random.NextDouble() * (longestFreeze.TotalSeconds - 1)),
            // A Redis that stops for longer only makes everybody wait longer.
            FaultKind.RedisFrozen => 1 + (random.NextDouble() * (Math.Min(longestFreeze.TotalSeconds, 8) - 1)),
            FaultKind.NodeKilled or FaultKind.AgentKilled => random.NextDouble() * 10,
            FaultKind.NodeRestarted or FaultKind.RedisKilled => 0,
            _ => throw new ArgumentOutOfRangeException(nameof(random), kind, "Not a kind of fault"),
        };
        var target = kind switch
        {
            FaultKind.NodeKilled or FaultKind.NodeFrozen or FaultKind.NodeRestarted => random.Next(nodes),
            FaultKind.AgentKilled or FaultKind.AgentFrozen => random.Next(agents),
            FaultKind.RedisFrozen or FaultKind.RedisKilled => 0,
            _ => throw new ArgumentOutOfRangeException(nameof(random), kind, "Not a kind of fault"),
        };
        return new Fault(kind, target, TimeSpan.Zero, TimeSpan.FromSeconds(lasts));
    }
}
