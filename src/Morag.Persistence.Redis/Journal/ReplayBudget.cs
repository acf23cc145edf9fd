namespace Morag.Persistence.Redis.Journal;

/// <summary>
/// Limits the bytes that all recoveries together have requested and not received. Recoveries take turns in the order of their requests.
/// The size of an actor's first page is unknown before it arrives, so it is estimated from the first pages of other actors.
/// </summary>
/// <param name="bytes">The budget in bytes. Positive.</param>
internal sealed class ReplayBudget(long bytes)
{
    private const int InitialEstimate = 16 * 1024;
    private const int EstimateWeight = 8;

    private readonly Lock _gate = new();
    private readonly Queue<(long Bytes, TaskCompletionSource Turn)> _waiting = [];
    private readonly long _all = bytes;
    private long _free = bytes;
    private long _firstPage = InitialEstimate;

    /// <summary>Estimated size of the first page of the next recovery, in bytes.</summary>
    public long FirstPage => Volatile.Read(ref _firstPage);

    /// <summary>Reads once the budget has room. A read that exceeds the whole budget waits for all of it.</summary>
    /// <param name="expected">Expected number of bytes.</param>
    /// <param name="read">The read.</param>
    public async Task<T> ReadAsync<T>(long expected, Func<Task<T>> read)
    {
        var reserved = Math.Clamp(expected, 1, _all);
        await AwaitTurnAsync(reserved).ConfigureAwait(false);
        try
        {
            return await read().ConfigureAwait(false);
        }
        finally
        {
            Release(reserved);
        }
    }

    /// <summary>Updates the estimate with the size of a recovery's first page.</summary>
    public void RecordFirstPage(long size)
    {
        // Of two concurrent updates one may be lost, which is harmless for an estimate.
        var estimate = FirstPage;
        Volatile.Write(ref _firstPage, estimate + ((size - estimate) / EstimateWeight));
    }

    private Task AwaitTurnAsync(long reserved)
    {
        lock (_gate)
        {
            if (_waiting.Count == 0 && _free >= reserved)
            {
                _free -= reserved;
                return Task.CompletedTask;
            }

            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue((reserved, turn));
            return turn.Task;
        }
    }

    private void Release(long reserved)
    {
        lock (_gate)
        {
            _free += reserved;
            while (_waiting.TryPeek(out var next) && _free >= next.Bytes)
            {
                _free -= next.Bytes;
                _waiting.Dequeue().Turn.SetResult();
            }
        }
    }
}
