using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Failover;

/// <summary>What one type of failure means. Flags that are not set are false.</summary>
public sealed record FailureTypeTraits
{
    internal FailureTypeTraits(FailureType type) => Type = type;

    /// <summary>The type.</summary>
    public FailureType Type { get; }

    /// <summary>
    /// Whether the task is presumed to be at fault, so that the failure uses the task's own budget; otherwise it is a failure of workers
    /// and networks, which have a budget of their own.
    /// </summary>
    public bool IsTaskFault { get; init; }

    /// <summary>Whether the failure shows how well a worker does its work. A worker that is gone or unreachable shows nothing.</summary>
    public bool CountsInWorkerRecord { get; init; }

    /// <summary>What kind of evidence the failure is that its task is poison.</summary>
    public PoisonEvidence Poison { get; init; }

    /// <summary>The base rules, of which the first that applies chooses. The last one always applies.</summary>
    internal ImmutableArray<BaseRule> BaseRules { get; init; } = [];

    /// <summary>Why strategies are not chosen for this type of failure; null for a strategy leaves it out of the explanation.</summary>
    internal RejectionReasons WhyNot { get; init; } = new();
}

/// <summary>What kind of evidence a failure is that its task is poison.</summary>
public enum PoisonEvidence
{
    /// <summary>It is none.</summary>
    None,

    /// <summary>The task's processing failed on a worker that may be sound.</summary>
    ProcessingError,

    /// <summary>The worker was lost while it ran the task.</summary>
    WorkerLoss,
}

/// <summary>A strategy that was not chosen.</summary>
/// <param name="Failure">The failure that was decided.</param>
/// <param name="Selected">What was chosen instead.</param>
/// <param name="Settings">The settings of the policy.</param>
internal readonly record struct Rejection(FailureCase Failure, Choice Selected, Settings.PolicySettings Settings);

/// <summary>Reasons against strategies, by strategy.</summary>
internal sealed class RejectionReasons
{
    private readonly Dictionary<FailoverStrategy, Func<Rejection, string?>> reasons = [];

    public Func<Rejection, string?>? this[FailoverStrategy strategy]
    {
        get => reasons.GetValueOrDefault(strategy);
        init => reasons[strategy] = value!;
    }
}
