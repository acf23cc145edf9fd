namespace Morag.Persistence.Redis.Journal;

/// <summary>
/// How many bytes all recoveries together may have asked for and not got yet. They get their turn in the order in which they come. How
/// large the first page of an actor is, is not known before it is here: it is taken to be as large as those of others were.
/// </summary>
/// <param name="bytes">The budget, more than 0.</param>
internal sealed class ReplayBudget(long bytes)
{
    private const int FirstGuess = 16 * 1024;
    private const int WeightOfGuess = 8;

    private readonly Lock _gate = new();
    private readonly Queue<(long Bytes, TaskCompletionSource Turn)> _waiting = [];
    private readonly long _all = bytes;
    private long _free = bytes;
    private long _firstPage = FirstGuess;

    /// <summary>About how large the first page of the next recovery is.</summary>
    public long FirstPage => Volatile.Read(ref _firstPage);

    /// <summary>Reads when there is room for so many bytes; more than the whole budget wait for all of it.</summary>
    public async Task<T> ReadAsync<T>(long expected, Func<Task<T>> read)
    {
        var taken = Math.Clamp(expected, 1, _all);
        await TurnAsync(taken).ConfigureAwait(false);
        try
        {
            return await read().ConfigureAwait(false);
        }
        finally
        {
            GiveBack(taken);
        }
    }

    /// <summary>Learns from the first page of a recovery.</summary>
    public void SawFirstPage(long size)
    {
        // Of two at a time one may be forgotten: it is a guess.
        var guess = FirstPage;
        Volatile.Write(ref _firstPage, guess + ((size - guess) / WeightOfGuess));
    }

    private Task TurnAsync(long taken)
    {
        lock (_gate)
        {
            if (_waiting.Count == 0 && _free >= taken)
            {
                _free -= taken;
                return Task.CompletedTask;
            }

            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue((taken, turn));
            return turn.Task;
        }
    }

    private void GiveBack(long taken)
    {
        lock (_gate)
        {
            _free += taken;
            while (_waiting.TryPeek(out var next) && _free >= next.Bytes)
            {
                _free -= next.Bytes;
                _waiting.Dequeue().Turn.SetResult();
            }
        }
    }
}
