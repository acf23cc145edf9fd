using System.Runtime.InteropServices;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>Ctrl-C and SIGTERM: the first signal requests a graceful stop, the second an immediate one.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource stop;
    private readonly CancellationTokenSource abort = new();
    private readonly PosixSignalRegistration[] registrations;

    /// <param name="cancellation">Requests a graceful stop too.</param>
    /// <param name="hangup">Whether the loss of the terminal does as well.</param>
    public StopSignals(CancellationToken cancellation, bool hangup = false)
    {
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
            .. hangup ? [PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal)] : Array.Empty<PosixSignalRegistration>(),
        ];
    }

    public CancellationToken Stop => stop.Token;

    public CancellationToken Abort => abort.Token;

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }

        stop.Dispose();
        abort.Dispose();
    }

    private void OnSignal(PosixSignalContext signal)
    {
        signal.Cancel = true;
        _ = stop.IsCancellationRequested ? abort.CancelAsync() : stop.CancelAsync();
    }
}
