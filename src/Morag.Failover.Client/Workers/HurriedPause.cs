namespace Morag.Failover.Client.Workers;

/// <summary>A pause between two calls that something can end early.</summary>
internal sealed class HurriedPause(TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim hurry = new(0);

    /// <summary>Ends the current pause, or the next one.</summary>
    public void Hurry() => hurry.Release();

    public async Task WaitAsync(TimeSpan pause, CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await Task.WhenAny(Task.Delay(pause, clock, over.Token), hurry.WaitAsync(over.Token));
        await over.CancelAsync();
        cancellation.ThrowIfCancellationRequested();

        // Several reasons to hurry are one.
        while (hurry.Wait(0, CancellationToken.None))
        {
        }
    }

    public void Dispose() => hurry.Dispose();
}
