namespace Morag.Failover.Node.Stores;

/// <summary>What the log says about Redis, and about the files in which this node remembers what Redis must hold.</summary>
internal static partial class StoreMessages
{
    [LoggerMessage(LogLevel.Information, "The data folder is {Folder} ({Setting})")]
    public static partial void UsesDataFolder(this ILogger log, string folder, string setting);

    [LoggerMessage(LogLevel.Information, "{Line}")]
    public static partial void EmbeddedRedisSays(this ILogger log, string line);

    [LoggerMessage(LogLevel.Warning, "This node continues with the journal in Redis: {Why}")]
    public static partial void ContinuesWithJournal(this ILogger log, string why);

    [LoggerMessage(LogLevel.Warning, "Data loss accepted by the operator: {What}")]
    public static partial void LossAccepted(this ILogger log, string what);

    [LoggerMessage(
        LogLevel.Warning,
        "{Store} does not allow this user to run INFO, so its maxmemory-policy cannot be checked. It must be noeviction, or Redis may "
        + "evict events")]
    public static partial void PolicyUnknown(this ILogger log, string store);

    [LoggerMessage(LogLevel.Warning, "{Store}: {Warning}")]
    public static partial void PolicyWarning(this ILogger log, string store, string warning);

    [LoggerMessage(LogLevel.Information, "{Store}: {Note}")]
    public static partial void PolicyNote(this ILogger log, string store, string note);

    [LoggerMessage(
        LogLevel.Error, "{Store}: {Refusal}. This node stops as soon as keys are evicted, and does not start with this policy")]
    public static partial void PolicyRefused(this ILogger log, string store, string refusal);

    [LoggerMessage(
        LogLevel.Warning,
        "{Store} has restarted without its last {Lost}, which its settings allow (appendfsync, replication). Owners that knew them restart "
        + "from the stored state")]
    public static partial void LostLastWrites(this ILogger log, string store, string lost);

    [LoggerMessage(LogLevel.Critical, "Checking {Store} failed unexpectedly")]
    public static partial void CheckFailed(this ILogger log, Exception failure, string store);

    [LoggerMessage(LogLevel.Error, "{File} could not be written: {Why}. The next start may not detect a loss of data in Redis")]
    public static partial void RecordNotWritten(this ILogger log, string file, string why);

    [LoggerMessage(
        LogLevel.Error, "{File} could not be updated: {Why}. If Redis loses data before this is fixed, lease epochs may be reused")]
    public static partial void EpochsNotRecorded(this ILogger log, string file, string why);
}
