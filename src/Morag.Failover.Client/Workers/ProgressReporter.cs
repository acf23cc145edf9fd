using System.Diagnostics.CodeAnalysis;

namespace Morag.Failover.Client.Workers;

/// <summary>What became of a report.</summary>
internal enum ReportEnding
{
    /// <summary>The node has it.</summary>
    Delivered,

    /// <summary>It may be delivered later.</summary>
    TryAgain,

    /// <summary>The node rejects it, or every report of this lease.</summary>
    Rejected,
}

/// <summary>
/// Sends the progress of one run: the newest values, in one call at a time, with a pause between calls, so that neither a fast run nor a
/// slow node piles up reports. It is thread-safe.
/// </summary>
internal sealed class ProgressReporter : IDisposable
{
    /// <summary>The least time between two calls. The node stores less often in any case.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>How long an outcome waits for the last report, which the node needs first, because another attempt may follow.</summary>
    public static readonly TimeSpan LastWait = TimeSpan.FromSeconds(5);

    private readonly Func<ProgressUpdate, CancellationToken, Task<ReportEnding>> send;
    private readonly TimeProvider clock;
    private readonly Lock changing = new();
    private readonly CancellationTokenSource ending = new();
    private readonly CancellationToken over;
    private readonly TaskCompletionSource hurry = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ProgressUpdate? unsent;
    private Task sending = Task.CompletedTask;
    private bool isSending;

    /// <param name="send">Sends a report. A report that it throws for counts as rejected.</param>
    /// <param name="clock">The clock.</param>
    public ProgressReporter(Func<ProgressUpdate, CancellationToken, Task<ReportEnding>> send, TimeProvider clock)
    {
        this.send = send;
        this.clock = clock;
        over = ending.Token;
    }

    /// <summary>Sends this update soon, together with others that come until then.</summary>
    public void Report(ProgressUpdate update)
    {
        lock (changing)
        {
            unsent = unsent?.Then(update) ?? update;
            if (!isSending && !over.IsCancellationRequested)
            {
                isSending = true;
                sending = Task.Run(SendAllAsync);
            }
        }
    }

    /// <summary>
    /// Sends the last values before the lease ends, and then no more. A node that cannot be reached in time does not get them.
    /// </summary>
    /// <param name="within">The most time that it takes.</param>
    public async Task EndAsync(TimeSpan within)
    {
        hurry.TrySetResult();
        Task last;
        lock (changing)
        {
            last = sending;
        }

        using var early = new CancellationTokenSource();
        await Task.WhenAny(last, Task.Delay(within, clock, early.Token));
        await early.CancelAsync();
        await ending.CancelAsync();
    }

    /// <summary>Ends the sending, if <see cref="EndAsync"/> has not.</summary>
    public void Dispose()
    {
        ending.Cancel();
        ending.Dispose();
    }

    private async Task SendAllAsync()
    {
        while (Next() is { } update)
        {
            var isRetry = await TrySendAsync(update) == ReportEnding.TryAgain;
            if (isRetry)
            {
                lock (changing)
                {
                    unsent = unsent is null ? update : update.Then(unsent);
                }
            }

            await PauseAsync(isRetry);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "the work goes on, whatever becomes of a report of its progress")]
    private async Task<ReportEnding> TrySendAsync(ProgressUpdate update)
    {
        try
        {
            return await send(update, over);
        }
        catch (Exception)
        {
            return ReportEnding.Rejected;
        }
    }

    private ProgressUpdate? Next()
    {
        lock (changing)
        {
            var next = over.IsCancellationRequested ? null : unsent;
            unsent = null;
            isSending = next is not null;
            return next;
        }
    }

    private async Task PauseAsync(bool isRetry)
    {
        var pause = Task.Delay(Pause, clock, over);
        await (isRetry ? Task.WhenAny(pause) : Task.WhenAny(pause, hurry.Task));
    }
}
