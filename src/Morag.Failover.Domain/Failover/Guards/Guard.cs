using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover.Guards;

/// <summary>Looks at a choice, and lets it stand, completes it, or overrules it.</summary>
internal interface IGuard
{
    /// <summary>The name that explanations give it.</summary>
    string Name { get; }

    Verdict Check(FailureCase failure, Choice choice, FailoverSettings settings);
}

/// <summary>What a guard says.</summary>
/// <param name="Choice">The choice from here on.</param>
/// <param name="OverruledBecause">Why the guard fired, with its evidence; null where the choice stands.</param>
internal sealed record Verdict(Choice Choice, string? OverruledBecause = null)
{
    /// <summary>Failures that turned out to be the task's own, to be taken off their workers' counts.</summary>
    public ImmutableArray<ExcuseFailures> Excuses { get; init; } = [];

    /// <summary>The choice stands.</summary>
    public static Verdict Stands(Choice choice) => new(choice);

    /// <summary>Another strategy is chosen, for that reason.</summary>
    public static Verdict Overrules(FailoverStrategy strategy, string because) =>
        new(new Choice { Strategy = strategy, Because = because }, because);
}
