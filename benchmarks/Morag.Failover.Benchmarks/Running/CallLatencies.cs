using System.Diagnostics;
using HdrHistogram;

namespace Morag.Failover.Benchmarks.Running;

/// <summary>What the calls of one kind took, of one connection or of all.</summary>
internal sealed class CallLatencies
{
    /// <summary>All calls, in microseconds.</summary>
    public LongHistogram All { get; } = new(TimeStamp.Seconds(60), 3);

    /// <summary>Those at whose end a snapshot was being written, in microseconds.</summary>
    public LongHistogram DuringSnapshot { get; } = new(TimeStamp.Seconds(60), 3);

    /// <summary>Takes the time of a call.</summary>
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

    /// <summary>Adds what another connection saw.</summary>
    public void Add(CallLatencies other)
    {
        All.Add(other.All);
        DuringSnapshot.Add(other.DuringSnapshot);
    }
}
