using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover.Guards;

/// <summary>Checks a choice and accepts, completes or overrules it.</summary>
internal interface IGuard
{
    /// <summary>The name that decisions show.</summary>
    string Name { get; }

    Verdict Check(FailureCase failure, Choice choice, FailoverSettings settings);
}

/// <summary>The result of a guard's check.</summary>
/// <param name="Choice">The choice that the next guard checks.</param>
/// <param name="OverruledBecause">Why the guard overruled the choice, with its evidence; null when it did not.</param>
internal sealed record Verdict(Choice Choice, string? OverruledBecause = null)
{
    /// <summary>Failures that turned out to be the task's fault, to be removed from their workers' counts.</summary>
    public ImmutableArray<ExcuseFailures> Excuses { get; init; } = [];

    /// <summary>Accepts the choice.</summary>
    public static Verdict Stands(Choice choice) => new(choice);

    /// <summary>Replaces the choice with another strategy.</summary>
    public static Verdict Overrules(FailoverStrategy strategy, string because) =>
        new(new Choice { Strategy = strategy, Because = because }, because);
}
