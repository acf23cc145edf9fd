using System.IO.Hashing;
using System.Text;

namespace Morag.Failover.Domain.Partitioning;

/// <summary>Which partition owns an id. Frozen: stored state depends on it.</summary>
public static class Partition
{
    /// <summary>The partition of a task's id, 0 to <paramref name="count"/> - 1.</summary>
    public static int Of(TaskId task, int count) => Of(task.Value, count);

    /// <summary>The bucket of a worker's id, 0 to <paramref name="count"/> - 1.</summary>
    public static int Of(WorkerId worker, int count) => Of(worker.Value, count);

    private static int Of(string id, int count)
    {
        if (count == 1)
        {
            return 0;
        }

        Span<byte> bytes = stackalloc byte[Identifier.MaxLength * 3];
        var length = Encoding.UTF8.GetBytes(id, bytes);
        return (int)(XxHash32.HashToUInt32(bytes[..length]) % (uint)count);
    }
}
