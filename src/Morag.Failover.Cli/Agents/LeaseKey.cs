using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Cli.Agents;

/// <summary>Identifies a lease. A task may return with a newer epoch while its old command is still being killed.</summary>
internal readonly record struct LeaseKey(TaskId TaskId, LeaseEpoch Epoch)
{
    public override string ToString() => $"{TaskId} (epoch {Epoch})";
}
