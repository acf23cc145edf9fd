using System.Diagnostics;
using HdrHistogram;

namespace Morag.Failover.Benchmarks.Running;

/// <summary>Latencies of one kind of call, of one connection or of all.</summary>
internal sealed class CallLatencies
{
    /// <summary>All calls, in microseconds.</summary>
    public LongHistogram All { get; } = new(TimeStamp.Seconds(60), 3);

    /// <summary>Calls that ended while a snapshot was being written, in microseconds.</summary>
    public LongHistogram DuringSnapshot { get; } = new(TimeStamp.Seconds(60), 3);

    /// <summary>Awaits a call and records its latency.</summary>
    public async Task<T> OfAsync<T>(Task<T> call, long start, SnapshotWatch snapshots)
    {
        var answer = await call;
        var took = (long)Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        All.RecordValue(took);
        if (snapshots.IsWriting)
        {
            DuringSnapshot.RecordValue(took);
        }

        return answer;
    }

    /// <summary>Adds the latencies of another connection.</summary>
    public void Add(CallLatencies other)
    {
        All.Add(other.All);
        DuringSnapshot.Add(other.DuringSnapshot);
    }
}
