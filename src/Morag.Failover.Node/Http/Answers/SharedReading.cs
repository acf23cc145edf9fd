using System.Diagnostics;

namespace Morag.Failover.Node.Http.Answers;

/// <summary>Something that takes work to read, read at most once per interval for all callers.</summary>
/// <param name="read">Reads it. It begins a call of its own, because callers that go away must not end the reading of the others.</param>
/// <param name="kept">How long a finished reading is given to further callers.</param>
internal sealed class SharedReading<T>(Func<Task<T>> read, TimeSpan kept)
{
    private readonly Lock gate = new();
    private Task<T>? latest;
    private long finishedAt;

    /// <summary>The reading that runs now, or the latest one if it is recent enough, or else a new one.</summary>
    public Task<T> GetAsync()
    {
        lock (gate)
        {
            if (latest is null || (latest.IsCompleted && Stopwatch.GetElapsedTime(Volatile.Read(ref finishedAt)) >= kept))
            {
                latest = Task.Run(ReadAsync);
            }

            return latest;
        }
    }

    private async Task<T> ReadAsync()
    {
        try
        {
            return await read();
        }
        finally
        {
            Volatile.Write(ref finishedAt, Stopwatch.GetTimestamp());
        }
    }
}
