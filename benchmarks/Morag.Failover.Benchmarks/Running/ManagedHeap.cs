using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;
using Microsoft.Diagnostics.Tracing.Parsers;
using Microsoft.Diagnostics.Tracing.Parsers.Clr;

namespace Morag.Failover.Benchmarks.Running;

/// <summary>The managed memory of another .NET process.</summary>
internal static class ManagedHeap
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>Forces a full collection and returns the bytes of the surviving objects.</summary>
    public static async Task<long> SurvivingBytesAsync(int processId)
    {
        // A session that asks for this keyword begins with a full collection.
        const ClrTraceEventParser.Keywords Keywords = ClrTraceEventParser.Keywords.GC | ClrTraceEventParser.Keywords.GCHeapCollect;
        var provider = new EventPipeProvider("Microsoft-Windows-DotNETRuntime", EventLevel.Informational, (long)Keywords);
        using var session = await new DiagnosticsClient(processId)
            .StartEventPipeSessionAsync([provider], requestRundown: false, 64, CancellationToken.None);
        using var source = new EventPipeEventSource(session.EventStream);
        var survived = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        var isFull = false;
        source.Clr.GCStart += start => isFull = start.Depth == 2 && start.Reason is GCReason.Induced or GCReason.InducedNotForced;
        source.Clr.GCHeapStats += stats =>
        {
            if (isFull)
            {
                survived.TrySetResult(stats.TotalPromoted);
            }
        };
        var reading = Task.Run(source.Process);
        try
        {
            return await survived.Task.WaitAsync(Longest);
        }
        finally
        {
            await session.StopAsync(CancellationToken.None);
            await reading;
        }
    }
}
