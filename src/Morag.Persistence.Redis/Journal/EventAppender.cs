using Akka.Persistence;
using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>
/// Sends the writes of all actors. What arrives while enough calls are under way gathers and travels together in the next,
/// so that one actor alone waits for nothing, and many share the cost of a round trip. Of one persistence id one write is
/// under way at a time: a call that has to be repeated, because Redis does not know the script, must not be overtaken.
/// </summary>
internal sealed class EventAppender(RedisConnection connection, JournalSettings settings)
{
    private static readonly RedisScript AppendScript = RedisScript.Load("append");

    private readonly Lock _gate = new();
    private readonly Queue<PendingWrite> _waiting = [];
    // The latest of each persistence id.
    private readonly Dictionary<string, PendingWrite> _unanswered = [];
    private int _underWay;

    /// <summary>Stores the writes of one actor. Its task fails unless all of them are stored.</summary>
    public void Add(PendingWrite append)
    {
        lock (_gate)
        {
            if (_unanswered.TryGetValue(append.PersistenceId, out var earlier)) earlier.Next = append;
            else _waiting.Enqueue(append);
            _unanswered[append.PersistenceId] = append;
        }

        SendWaiting();
    }

    /// <summary>Completes when no earlier write of this id can be stored any more, whether those have succeeded or not.</summary>
    public async Task SettleAsync(string persistenceId, CancellationToken cancellation)
    {
        PendingWrite? append;
        lock (_gate)
            _unanswered.TryGetValue(persistenceId, out append);

        if (append is not null)
            await ((Task)append.Task).WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
    }

    private void SendWaiting()
    {
        lock (_gate)
        {
            if (_waiting.Count == 0 || _underWay == settings.WritesInFlight) return;
            _underWay++;
        }

        _ = SendWaitingAsync();
    }

    private async Task SendWaitingAsync()
    {
        while (TakeWaiting() is { } batch)
        {
            try
            {
                var open = await connection.OpenAsync(CancellationToken.None).ConfigureAwait(false);
                if (open.Keys.OnCluster) SendApart(open, batch);
                else await SendAsync(open, batch).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Whatever went wrong is the answer to each of these writes, and the next ones have to go out.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Answer(batch, e);
            }
        }
    }

    private List<PendingWrite>? TakeWaiting()
    {
        List<PendingWrite>? cancelled = null;
        var batch = new List<PendingWrite>();
        long bytes = 0;
        lock (_gate)
        {
            while (batch.Count < settings.WriteBatchSize
                && _waiting.TryPeek(out var append)
                && (batch.Count == 0 || bytes + append.Bytes <= settings.WriteBatchBytes))
            {
                _waiting.Dequeue();
                if (append.Cancellation.IsCancellationRequested)
                {
                    (cancelled ??= []).Add(append);
                    continue;
                }

                batch.Add(append);
                bytes += append.Bytes;
            }

            if (batch.Count == 0) _underWay--;
        }

        if (cancelled is not null)
            Answer(cancelled, new OperationCanceledException("The write was cancelled before it was sent."));
        return batch.Count == 0 ? null : batch;
    }

    /// <summary>
    /// Each write in a call of its own: they are in different slots. None is waited for, so that a master that does not
    /// answer keeps nothing from the others.
    /// </summary>
    private void SendApart(OpenConnection open, List<PendingWrite> batch)
    {
        foreach (var append in batch)
            _ = SendAloneAsync(append);

        async Task SendAloneAsync(PendingWrite append)
        {
            List<PendingWrite> alone = [append];
            try
            {
                await SendAsync(open, alone).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // The failure is the answer to this write alone.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Answer(alone, e);
            }
        }
    }

    /// <summary>All writes in one call.</summary>
    private async Task SendAsync(OpenConnection open, List<PendingWrite> batch)
    {
        var values = 1;
        foreach (var append in batch) values += 3 + append.Entries.Length;

        var keys = new RedisKey[(2 * batch.Count) + (open.Identity is null ? 0 : 2)];
        var arguments = new RedisValue[values];
        var next = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            var append = batch[i];
            keys[i] = open.Keys.Events(append.PersistenceId);
            keys[batch.Count + i] = open.Keys.Counter(append.PersistenceId);
            arguments[next++] = append.Before;
            arguments[next++] = append.Last;
            arguments[next++] = append.Entries.Length / 2;
            append.Entries.CopyTo(arguments.AsMemory(next));
            next += append.Entries.Length;
        }

        arguments[next] = open.Identity?.Value ?? string.Empty;
        if (open.Identity is { } identity)
        {
            keys[^2] = identity.Key;
            keys[^1] = identity.Writes;
        }

        var failures = await AppendScript.RunGuardedByAsync(open, keys, arguments).ConfigureAwait(false);
        if (failures.Length == 0)
        {
            Answer(batch, failure: null);
            return;
        }

        if (failures[1].Resp2Type != ResultType.Integer && ReadOnlyReplica.Says((string?)failures[1]))
            await ReadOnlyReplica.FollowPrimaryAsync(open.Multiplexer).ConfigureAwait(false);
        AnswerEach(batch, failures);
    }

    /// <summary>The script's reply is a list of position (from 1) and reason for each write that failed.</summary>
    private void AnswerEach(List<PendingWrite> batch, RedisResult failures)
    {
        var reasons = new Dictionary<long, RedisResult>();
        for (var i = 0; i < failures.Length; i += 2)
            reasons[(long)failures[i]] = failures[i + 1];

        for (var i = 0; i < batch.Count; i++)
            Answer([batch[i]], reasons.TryGetValue(i + 1, out var reason) ? Failure(batch[i], reason) : null);
    }

    private void Answer(List<PendingWrite> batch, Exception? failure)
    {
        var released = false;
        lock (_gate)
        {
            foreach (var append in batch)
            {
                if (append.Next is { } next)
                {
                    _waiting.Enqueue(next);
                    released = true;
                }
                else
                {
                    _unanswered.Remove(append.PersistenceId);
                }
            }
        }

        foreach (var append in batch)
        {
            if (failure is null) append.Succeed();
            else append.TrySetException(failure);
        }

        if (released) SendWaiting();
    }

    private static Exception Failure(PendingWrite append, RedisResult reason)
        => reason.Resp2Type == ResultType.Integer
            ? new SequenceConflictException(append.PersistenceId, append.Before + 1, (long)reason)
            : new RedisException($"The events {append.Before + 1} to {append.Last} of \"{append.PersistenceId}\" were not stored: {(string?)reason}");
}
