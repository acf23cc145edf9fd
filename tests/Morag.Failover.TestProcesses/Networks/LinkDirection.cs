namespace Morag.Failover.TestProcesses.Networks;

/// <summary>One direction of a link through a <see cref="LinkProxy"/>: bytes pass at once, late, or not until it is whole again.</summary>
public sealed class LinkDirection
{
    private TaskCompletionSource whole = Whole();

    /// <summary>How late bytes arrive. Bytes that follow within this time arrive together with them.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>From now on, bytes are held, as by a network that drops packets: the ends keep their connection, and wait.</summary>
    public void Cut()
    {
        if (whole.Task.IsCompleted)
        {
            whole = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Ends <see cref="Cut"/>, and delivers what was held.</summary>
    public void Heal() => whole.TrySetResult();

    internal async Task PassAsync(CancellationToken stop)
    {
        if (Delay > TimeSpan.Zero)
        {
            await Task.Delay(Delay, stop);
        }

        await whole.Task.WaitAsync(stop);
    }

    private static TaskCompletionSource Whole()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }
}
