namespace Morag.Failover.Actors.Persistence;

/// <summary>
/// Delays the parts of a snapshot while there are calls to serve. Between two parts, other writes are stored: as many bytes as the part
/// has, or <see cref="WritesBetweenParts"/> writes, whichever comes first. An idle entity writes its snapshot at full speed. A busy entity
/// takes longer and replays more events after it, about 160,000 for a million tasks, but never more bytes than the snapshot has.
/// </summary>
internal sealed class SnapshotPace
{
    /// <summary>The most other writes before the next part.</summary>
    public const int WritesBetweenParts = 16;

    private int writesBefore = WritesBetweenParts;
    private long bytesToWait;
    private bool isWaiting = true;

    /// <summary>Records that the part is stored. The next one waits for its turn.</summary>
    /// <param name="bytes">The size of the part in bytes.</param>
    public void PartStored(long bytes) => (isWaiting, writesBefore, bytesToWait) = (true, 0, bytes);

    /// <summary>Records that another write is stored.</summary>
    /// <param name="bytes">Its estimated size in bytes.</param>
    public void WriteStored(long bytes)
    {
        writesBefore++;
        bytesToWait -= bytes;
    }

    /// <summary>Takes the turn of the waiting part, if it has come.</summary>
    /// <param name="inProgress">The number of pending writes and replies.</param>
    public bool TakeTurn(int inProgress)
    {
        var isTurn = isWaiting && (inProgress == 0 || writesBefore >= WritesBetweenParts || bytesToWait <= 0);
        isWaiting &= !isTurn;
        return isTurn;
    }
}
