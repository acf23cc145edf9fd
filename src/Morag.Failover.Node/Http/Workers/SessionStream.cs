using System.Threading.Channels;
using Morag.Failover.Actors.Sessions;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Streams;

namespace Morag.Failover.Node.Http.Workers;

/// <summary>Buffers the signals of a session for its connection.</summary>
internal sealed class SessionStream(int capacity) : IWorkerSessionClient
{
    private readonly Channel<ServerSentEvent> events = Channel.CreateBounded<ServerSentEvent>(capacity);
    private readonly TaskCompletionSource<Refused?> opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Null when the session is open, or why it was refused.</summary>
    public Task<Refused?> Opened => opened.Task;

    /// <summary>The events for the worker.</summary>
    public ChannelReader<ServerSentEvent> Events => events.Reader;

    /// <inheritdoc />
    public void OnOpened(Refused? refused) => opened.TrySetResult(refused);

    /// <inheritdoc />
    public void OnReopened() => events.Writer.TryWrite(new ServerSentEvent("heartbeat", "{}"u8.ToArray()));

    /// <inheritdoc />
    public void OnSignal(ISessionSignal signal)
    {
        var next = signal switch
        {
            SupersededSignal => new ServerSentEvent("superseded", "{}"u8.ToArray()),
            LeaseRevoked revoked => ServerSentEvent.Of("lease_revoked", revoked),
            DeadlineSignal moved => ServerSentEvent.Of("lease_extended", moved),
            DrainSignal drain => ServerSentEvent.Of("drain", drain),
            ResumeSignal resume => ServerSentEvent.Of("resume", resume),
            BreakerSignal breaker => ServerSentEvent.Of("breaker", breaker),
            _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, "The signal has no event."),
        };

        // If the reader is too slow, the signal is dropped. The response to the next heartbeat carries the same information.
        _ = events.Writer.TryWrite(next);
        if (signal is SupersededSignal)
        {
            End();
        }
    }

    /// <inheritdoc />
    public void OnClosed(Refused refused)
    {
        _ = events.Writer.TryWrite(ServerSentEvent.Of("closed", Problem.Of(refused)));
        End();
    }

    /// <summary>Ends the stream after the events in it.</summary>
    public void End() => events.Writer.TryComplete();
}
