using Morag.Failover.Client.Texts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Workers;

/// <summary>How a run ended, and what the cluster is told about it.</summary>
internal abstract record RunOutcome
{
    /// <summary>Its name in logs and metrics.</summary>
    public abstract string Name { get; }

    /// <summary>Whether another attempt may follow, which needs the last checkpoint.</summary>
    public virtual bool NeedsProgress => false;

    /// <summary>The handler returned a result.</summary>
    public sealed record Completed(JsonText Result) : RunOutcome
    {
        public override string Name => "completed";
    }

    /// <summary>The handler failed, or did not end in time.</summary>
    public sealed record Failed(FailureType Type, string Reason, JsonText Context) : RunOutcome
    {
        public override string Name => WireName.Of(Type);

        public override bool NeedsProgress => true;

        /// <summary>The reason, as long as a report may be.</summary>
        public string Message => TextBytes.First(Reason, FailureLimits.MaxErrorMessageBytes);
    }

    /// <summary>The worker stops, and gives the task back without blame.</summary>
    public sealed record Released : RunOutcome
    {
        public override string Name => "released";

        public override bool NeedsProgress => true;
    }

    /// <summary>The lease was lost, and nobody waits for an outcome.</summary>
    public sealed record Dropped : RunOutcome
    {
        public override string Name => "lost";
    }
}
