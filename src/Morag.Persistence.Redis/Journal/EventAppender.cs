using Akka.Persistence;
using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>
/// Sends the writes of all actors. Writes that arrive while the maximum number of calls is in flight are batched into the next call: a
/// single actor never waits, and many actors share round trips. Only one write per persistence id is in flight, because a call that is
/// repeated with the text of the script must not be overtaken.
/// </summary>
internal sealed class EventAppender(RedisConnection connection, JournalSettings settings)
{
    private static readonly RedisScript AppendScript = RedisScript.Load("append");

    private readonly Lock _gate = new();
    private readonly Queue<PendingWrite> _waiting = [];
    // The last write of each persistence id that has not completed.
    private readonly Dictionary<string, PendingWrite> _lastPending = [];
    private int _inFlight;

    /// <summary>Queues a write. Its task fails unless all of its events are stored.</summary>
    public void Enqueue(PendingWrite write)
    {
        lock (_gate)
        {
            if (_lastPending.TryGetValue(write.PersistenceId, out var earlier)) earlier.Next = write;
            else _waiting.Enqueue(write);
            _lastPending[write.PersistenceId] = write;
        }

        StartSending();
    }

    /// <summary>Waits until all earlier writes of a persistence id have succeeded or failed, so none of them can be stored later.</summary>
    public async Task WaitForPendingAsync(string persistenceId, CancellationToken cancellation)
    {
        PendingWrite? write;
        lock (_gate)
            _lastPending.TryGetValue(persistenceId, out write);

        if (write is not null)
            await ((Task)write.Task).WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
    }

    private void StartSending()
    {
        lock (_gate)
        {
            if (_waiting.Count == 0 || _inFlight == settings.WritesInFlight) return;
            _inFlight++;
        }

        _ = SendWaitingAsync();
    }

    private async Task SendWaitingAsync()
    {
        while (DequeueBatch() is { } batch)
        {
            try
            {
                var open = await connection.OpenAsync(CancellationToken.None).ConfigureAwait(false);
                if (open.Keys.OnCluster) SendSeparately(open, batch);
                else await SendAsync(open, batch).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Any failure is the result of these writes, and the next ones must still be sent.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Complete(batch, e);
            }
        }
    }

    private List<PendingWrite>? DequeueBatch()
    {
        List<PendingWrite>? cancelled = null;
        var batch = new List<PendingWrite>();
        long bytes = 0;
        lock (_gate)
        {
            while (batch.Count < settings.WriteBatchSize
                && _waiting.TryPeek(out var write)
                && (batch.Count == 0 || bytes + write.Bytes <= settings.WriteBatchBytes))
            {
                _waiting.Dequeue();
                if (write.Cancellation.IsCancellationRequested)
                {
                    (cancelled ??= []).Add(write);
                    continue;
                }

                batch.Add(write);
                bytes += write.Bytes;
            }

            if (batch.Count == 0) _inFlight--;
        }

        if (cancelled is not null)
            Complete(cancelled, new OperationCanceledException("The write was cancelled before it was sent."));
        return batch.Count == 0 ? null : batch;
    }

    /// <summary>
    /// Sends each write in a call of its own, because their keys are in different slots. Does not wait for the replies: a master that
    /// does not reply must not delay writes to the others.
    /// </summary>
    private void SendSeparately(OpenConnection open, List<PendingWrite> batch)
    {
        foreach (var write in batch)
            _ = SendOneAsync(write);

        async Task SendOneAsync(PendingWrite write)
        {
            List<PendingWrite> single = [write];
            try
            {
                await SendAsync(open, single).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // The failure is the result of this write.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Complete(single, e);
            }
        }
    }

    /// <summary>Sends all writes in one call.</summary>
    private async Task SendAsync(OpenConnection open, List<PendingWrite> batch)
    {
        var values = 1;
        foreach (var write in batch) values += 3 + write.Entries.Length;

        var keys = new RedisKey[(2 * batch.Count) + (open.Identity is null ? 0 : 2)];
        var arguments = new RedisValue[values];
        var next = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            var write = batch[i];
            keys[i] = open.Keys.Events(write.PersistenceId);
            keys[batch.Count + i] = open.Keys.Counter(write.PersistenceId);
            arguments[next++] = write.Before;
            arguments[next++] = write.Last;
            arguments[next++] = write.Entries.Length / 2;
            write.Entries.CopyTo(arguments.AsMemory(next));
            next += write.Entries.Length;
        }

        arguments[next] = open.Identity?.Value ?? string.Empty;
        if (open.Identity is { } identity)
        {
            keys[^2] = identity.Key;
            keys[^1] = identity.Writes;
        }

        var failures = await AppendScript.RunWithIdentityAsync(open, keys, arguments).ConfigureAwait(false);
        if (failures.Length == 0)
        {
            Complete(batch, failure: null);
            return;
        }

        if (failures[1].Resp2Type != ResultType.Integer && ReadOnlyReplica.IsCauseOf((string?)failures[1]))
            await ReadOnlyReplica.FollowPrimaryAsync(open.Multiplexer).ConfigureAwait(false);
        CompleteEach(batch, failures);
    }

    /// <summary>Completes the writes with the script's reply, a list of position (from 1) and reason for each failed write.</summary>
    private void CompleteEach(List<PendingWrite> batch, RedisResult failures)
    {
        var reasons = new Dictionary<long, RedisResult>();
        for (var i = 0; i < failures.Length; i += 2)
            reasons[(long)failures[i]] = failures[i + 1];

        for (var i = 0; i < batch.Count; i++)
            Complete([batch[i]], reasons.TryGetValue(i + 1, out var reason) ? Failure(batch[i], reason) : null);
    }

    private void Complete(List<PendingWrite> batch, Exception? failure)
    {
        var released = false;
        lock (_gate)
        {
            foreach (var write in batch)
            {
                if (write.Next is { } next)
                {
                    _waiting.Enqueue(next);
                    released = true;
                }
                else
                {
                    _lastPending.Remove(write.PersistenceId);
                }
            }
        }

        foreach (var write in batch)
        {
            if (failure is null) write.Succeed();
            else write.TrySetException(failure);
        }

        if (released) StartSending();
    }

    private static Exception Failure(PendingWrite write, RedisResult reason)
    {
        if (reason.Resp2Type == ResultType.Integer)
            return new SequenceConflictException(write.PersistenceId, write.Before + 1, (long)reason);

        var events = SequenceNrRange.Describe(write.Before + 1, write.Last);
        return new RedisException(
            $"Writing {events} of \"{write.PersistenceId}\" failed, and nothing of the write was stored: {(string?)reason}");
    }
}
