using System.IO.Hashing;
using System.Text;

namespace Morag.Failover.Domain.Partitioning;

/// <summary>Maps ids to partitions. Frozen: stored state depends on it.</summary>
public static class Partition
{
    private const int LongestOnStack = (Identifier.MaxLength + 1) * 3;

    /// <summary>The partition of a task, 0 to <paramref name="count"/> - 1.</summary>
    public static int Of(TaskId task, int count) => Of(task.Value, count);

    /// <summary>The bucket of a worker, 0 to <paramref name="count"/> - 1.</summary>
    public static int Of(WorkerId worker, int count) => Of(worker.Value, count);

    /// <summary>The coordinator that keeps the audit entries of an owner, 0 to <paramref name="count"/> - 1.</summary>
    public static int OfOwner(string persistenceId, int count) => Of(persistenceId, count);

    private static int Of(string? id, int count)
    {
        if (count == 1)
        {
            return 0;
        }

        // Valid ids are short. A message may contain any other id; its owner rejects it.
        var space = Encoding.UTF8.GetMaxByteCount(id?.Length ?? 0);
        var bytes = space <= LongestOnStack ? stackalloc byte[LongestOnStack] : new byte[space];
        var length = Encoding.UTF8.GetBytes(id, bytes);
        return (int)(XxHash32.HashToUInt32(bytes[..length]) % (uint)count);
    }
}
