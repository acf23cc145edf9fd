using System.Security.Cryptography;
using System.Text;

namespace Morag.Failover.Domain.Failover;

/// <summary>The lasting ids of failures of tasks that no queue here holds; those of leases come from the queues.</summary>
public static class FailureIds
{
    /// <summary>The id of the failure that a reporter gave that name: the same for each report of it. Frozen: what is stored is found by it.</summary>
    public static FailureId Of(TaskId task, EventId name) =>
        new("e-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{task.Value}\n{name.Value}")).AsSpan(0, 16)));

    /// <summary>The id of the decision that takes back the decision to park about a failure.</summary>
    public static FailureId TakingBack(FailureId parked) => new(parked.Value + ".unpark");

    /// <summary>The id of a failure that has no name.</summary>
    public static FailureId New() => new("r-" + Guid.NewGuid().ToString("N"));
}
