using System.Globalization;

namespace Morag.EmbeddedRedis;

/// <summary>
/// Compares the server's log with what is known about it. A server that has read less than its log would look like a healthy one.
/// </summary>
internal sealed class LogVerifier(DataFolder folder, DataInventory record, string? acceptDataLoss, Action<string> log)
{
    /// <summary>Whether a loss was accepted. The log then ends before it, and what could not be read is in a folder of its own.</summary>
    public bool AcceptedLoss { get; private set; }

    /// <summary>Removes an incomplete record from the end of the log. No server may be running on the folder.</summary>
    /// <returns>The address at which the log ends, or null when it holds no whole commit.</returns>
    /// <exception cref="DataLossException">The log is damaged, or a part of its end is missing; it was not changed.</exception>
    public long? BeforeStart()
    {
        var (from, committed) = record.KnownLog();
        var found = LogTail.EndOf(folder) ?? 0;
        var end = Math.Max(found, committed ?? 0);
        var readable = from is { } beginning ? LogReader.ReadableUntil(folder, beginning) : found;
        if (from is not null && readable < end)
        {
            Accept(
                readable,
                end,
                $"The log in {folder.Log} can be read up to {readable}, but it went on to {end}: it is damaged or cut.",
                "The server was not started, and the log was left as it is.");
            return LogTail.EndOf(folder);
        }

        if (found == 0)
        {
            return null;
        }

        LogTail.CutAt(folder, found);
        return found;
    }

    /// <summary>Ends the log where the server has read it, if that loss is accepted. The server must have been stopped.</summary>
    /// <exception cref="DataLossException">It is not accepted.</exception>
    public void AfterIncompleteRead(long recovered, long end) => Accept(
        recovered,
        end,
        $"The server read the log in {folder.Log} up to {recovered}, but the log ends at {end}.",
        "The server was stopped before it took writes, and no complete record was removed.");

    private void Accept(long readable, long end, FormattableString damage, string state)
    {
        var loss = new DataLossException(
            damage.ToString(CultureInfo.InvariantCulture),
            state,
            DataLossException.TokenOf(string.Create(CultureInfo.InvariantCulture, $"log {readable} {end}")));
        loss.ThrowUnlessAccepted(acceptDataLoss, log);
        var aside = folder.UnreadLog(loss.Loss);
        record.LogEndsAt(LogTail.SetAsideAfter(folder, readable, aside));
        log($"What could not be read of the log is in {aside}; remove it when it is of no more use");
        AcceptedLoss = true;
    }
}
