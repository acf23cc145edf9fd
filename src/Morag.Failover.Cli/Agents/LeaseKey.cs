using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Cli.Agents;

/// <summary>One lease: the same task may come back under a newer epoch while its old command is still being killed.</summary>
internal readonly record struct LeaseKey(TaskId TaskId, LeaseEpoch Epoch)
{
    public override string ToString() => $"{TaskId} (epoch {Epoch})";
}
