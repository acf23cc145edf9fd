namespace Morag.Failover.Actors.Persistence;

/// <summary>
/// Holds back the parts of a snapshot while there are calls to serve. Between two parts, other writes are stored: as many bytes as the
/// part has, and at most <see cref="WritesBetweenParts"/>, unless none is under way. An idle entity writes its snapshot as fast as it can.
/// A busy one takes longer, and has more events to replay after it, about 160,000 for a million tasks, but never more than the snapshot
/// has bytes.
/// </summary>
internal sealed class SnapshotPace
{
    /// <summary>The other writes that go before a part.</summary>
    public const int WritesBetweenParts = 16;

    private int writesBefore = WritesBetweenParts;
    private long bytesToWait;
    private bool isWaiting = true;

    /// <summary>The part is stored: the next one waits for its turn.</summary>
    /// <param name="bytes">The size of the part.</param>
    public void PartStored(long bytes) => (isWaiting, writesBefore, bytesToWait) = (true, 0, bytes);

    /// <summary>Another write is stored.</summary>
    /// <param name="bytes">Its size by estimate.</param>
    public void WriteStored(long bytes)
    {
        writesBefore++;
        bytesToWait -= bytes;
    }

    /// <summary>Whether a part waits and it is its turn. If so, the turn is taken.</summary>
    /// <param name="underWay">How many other writes and answers are under way.</param>
    public bool TakeTurn(int underWay)
    {
        var isTurn = isWaiting && (underWay == 0 || writesBefore >= WritesBetweenParts || bytesToWait <= 0);
        isWaiting &= !isTurn;
        return isTurn;
    }
}
