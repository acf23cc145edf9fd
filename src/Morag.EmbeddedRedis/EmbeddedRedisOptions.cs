namespace Morag.EmbeddedRedis;

/// <summary>What <see cref="EmbeddedRedis.StartAsync"/> needs to know.</summary>
public sealed record EmbeddedRedisOptions
{
    /// <summary>
    /// Folder of the data, created where it does not exist (readable by this user alone). It belongs to one running
    /// <see cref="EmbeddedRedis"/> at a time, and keeps the data between starts.
    /// </summary>
    public required string DataFolder { get; init; }

    /// <summary>
    /// By how many bytes the server's log grows before the server is started again, which takes seconds. A recovery reads
    /// what came since the last start, so this also bounds how long a start takes. More than 0; 512 MiB by default.
    /// </summary>
    public long LogLimit { get; init; } = 512L << 20;

    /// <summary>
    /// <see cref="DataLossException.Loss"/> of a loss that was refused before, to go on with the remaining data; null, the
    /// default, accepts none.
    /// </summary>
    public string? AcceptDataLoss { get; init; }

    /// <summary>
    /// Receives one line for each thing that an operator should know: a slow start, a server that died and was started
    /// again. Called from any thread.
    /// </summary>
    public Action<string> Log { get; init; } = static _ => { };
}
