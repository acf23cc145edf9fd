using System.Globalization;

namespace Morag.EmbeddedRedis;

/// <summary>Compares the server's log with what is known about it. A server that has read only part of its log looks healthy.</summary>
internal sealed class LogVerifier(DataFolder folder, DataInventory inventory, string? acceptDataLoss, Action<string> log)
{
    /// <summary>Whether a loss was accepted. The log then ends before the damage, and the rest of it is in a folder of its own.</summary>
    public bool AcceptedLoss { get; private set; }

    /// <summary>Verifies the log, and removes an incomplete record from its end. No server may be running on the folder.</summary>
    /// <returns>The address at which the log ends, or null if it holds no complete commit.</returns>
    /// <exception cref="DataLossException">The log is damaged or truncated. It was not changed.</exception>
    public long? PrepareForStart()
    {
        var (start, committed) = inventory.KnownLog();
        var found = LogTail.FindEnd(folder) ?? 0;
        var end = Math.Max(found, committed ?? 0);
        if (start is { } first && LogReader.FindReadableEnd(folder, first) is var readable && readable < end)
        {
            return AcceptOrThrow(
                readable,
                end,
                $"The log in {folder.Log} can be read up to {readable}, but it once went on to {end}: it is damaged or truncated.",
                "The server was not started, and the log was left unchanged.");
        }

        if (found == 0)
        {
            return null;
        }

        LogTail.Truncate(folder, found);
        return found;
    }

    /// <summary>
    /// Truncates the log where the server stopped reading it, if the operator has accepted that loss. The server must have been stopped.
    /// </summary>
    /// <exception cref="DataLossException">The loss is not accepted.</exception>
    public void AcceptIncompleteRecovery(long recovered, long end) => AcceptOrThrow(
        recovered,
        end,
        $"The server read the log in {folder.Log} up to {recovered}, but the log ends at {end}.",
        "The server was stopped before it accepted writes, and no complete record was removed.");

    /// <returns>The address at which the log ends now, or null if it was moved aside.</returns>
    private long? AcceptOrThrow(long readable, long end, FormattableString damage, string state)
    {
        var loss = new DataLossException(
            damage.ToString(CultureInfo.InvariantCulture),
            state,
            DataLossException.CreateToken(string.Create(CultureInfo.InvariantCulture, $"log {readable} {end}")));
        loss.ThrowUnlessAccepted(acceptDataLoss, log);
        var aside = folder.UnreadLog(loss.Token);
        var remaining = LogTail.MoveAside(folder, readable, aside);
        inventory.RecordTruncation(remaining);
        log($"The unreadable part of the log is in {aside}. Delete this folder when you no longer need it");
        AcceptedLoss = true;
        return remaining;
    }
}
