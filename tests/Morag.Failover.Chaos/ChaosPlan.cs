using System.Globalization;
using Morag.Failover.Chaos.Faults;

namespace Morag.Failover.Chaos;

/// <summary>What a plan is drawn from.</summary>
internal sealed record ChaosSettings
{
    /// <summary>The seed.</summary>
    public required uint Seed { get; init; }

    /// <summary>Which faults are drawn.</summary>
    public ChaosProfile Profile { get; init; } = ChaosProfile.All[0];

    /// <summary>How many nodes run, 1 or more.</summary>
    public int Nodes { get; init; } = 3;

    /// <summary>How many <c>morag worker run</c> processes work, 1 or more.</summary>
    public int Agents { get; init; } = 10;

    /// <summary>How long faults and load last. Afterwards everything has to come to rest.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long the longest freeze of a process lasts.</summary>
    public TimeSpan LongestFreeze { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How many tasks users submit in a second, about.</summary>
    public double Rate { get; init; } = 40;

    /// <summary>Whether cuts are made by proxies even where network namespaces can be made.</summary>
    public bool UsesProxies { get; init; }
}

/// <summary>
/// What a seed means: the size of the cluster, and which fault happens when. The processes themselves are not deterministic.
/// </summary>
/// <param name="Settings">What it was drawn from.</param>
/// <param name="Faults">The faults, in the order in which they happen. Each ends before the next begins.</param>
internal sealed record ChaosPlan(ChaosSettings Settings, IReadOnlyList<Fault> Faults)
{
    /// <summary>
    /// Clocks are off by whole hours, and a run is shorter than one, so that a time tells both when it was and how far its clock was off.
    /// </summary>
    public static readonly TimeSpan ClockJump = TimeSpan.FromHours(1);

    private const int MostClockJumps = 2;

    /// <summary>Whether a clock jumps.</summary>
    public bool HasClockJumps => Has(FaultNeed.FakeTime);

    /// <summary>Whether a fault needs this.</summary>
    public bool Has(FaultNeed need) => Faults.Any(fault => FaultTraits.Of(fault.Kind).Need == need);

    /// <summary>Draws a plan.</summary>
    public static ChaosPlan Of(ChaosSettings settings)
    {
        var random = new Random(unchecked((int)settings.Seed));
        var faults = new List<Fault>();
        var (least, more) = settings.Profile.RestSeconds;
        var at = TimeSpan.FromSeconds(1 + (2 * random.NextDouble()));
        while (at < settings.Length)
        {
            var fault = Draw(random, settings) with { At = at };
            faults.Add(fault);
            at += fault.For + TimeSpan.FromSeconds(least + (more * random.NextDouble()));
        }

        return new ChaosPlan(settings, faults);
    }

    /// <inheritdoc />
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"seed {Settings.Seed}, profile {Settings.Profile.Name}, {Settings.Nodes} nodes, {Settings.Agents} agents, "
        + $"{Settings.Length.TotalSeconds:0} s\n{string.Join('\n', Faults)}");

    private static Fault Draw(Random random, ChaosSettings settings)
    {
        var kind = settings.Profile.KindAt(random.Next(100));
        var traits = FaultTraits.Of(kind);
        var most = traits.Most(settings.LongestFreeze.TotalSeconds);
        var lasts = most > 0 ? traits.Least + (random.NextDouble() * (most - traits.Least)) : 0;
        var target = traits.Target switch
        {
            FaultTarget.Node => random.Next(settings.Nodes),
            FaultTarget.Agent => random.Next(settings.Agents),
            FaultTarget.TheOnly => 0,
            _ => throw new ArgumentOutOfRangeException(nameof(random), traits.Target, "Not a target"),
        };
        return new Fault(kind, target, TimeSpan.Zero, TimeSpan.FromSeconds(lasts))
        {
            ClockAhead = kind == FaultKind.ClockJumped ? random.Next(-MostClockJumps, MostClockJumps + 1) * ClockJump : TimeSpan.Zero,
        };
    }
}
