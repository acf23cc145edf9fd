namespace Morag.EmbeddedRedis;

/// <summary>What <see cref="EmbeddedRedis.StartAsync"/> needs to know.</summary>
public sealed record EmbeddedRedisOptions
{
    /// <summary>
    /// Folder of the data, created where it does not exist (readable by this user alone). It belongs to one running
    /// <see cref="EmbeddedRedis"/> at a time, and keeps the data between starts.
    /// </summary>
    public required string DataFolder { get; init; }

    /// <summary>The least that <see cref="Memory"/> may be, in bytes.</summary>
    public const long LeastMemory = 384L << 20;

    /// <summary>What the server takes before it holds any data, in bytes: its runtime, its index, and the buffers of its log.</summary>
    private const long ServerMemory = 192L << 20;

    /// <summary>
    /// How much memory the server may take, in bytes, <see cref="LeastMemory"/> or more; by default <see cref="DefaultMemory"/>.
    /// The server does not stop at it: whoever writes has to stop when <see cref="EmbeddedRedis.IsFull"/>.
    /// </summary>
    public long Memory { get; init; } = DefaultMemory(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>
    /// The bytes of data, as the server counts them in its memory, that <see cref="Memory"/> is enough for. The rest is what its garbage
    /// collector needs while it works, and the server itself.
    /// </summary>
    public long DataLimit => (Memory - ServerMemory) / 3 * 2;

    /// <summary>
    /// By how many bytes the server's log grows before the server is started again, which takes seconds. A recovery reads
    /// what came since the last start, so this also bounds how long a start takes. More than 0; 512 MiB by default.
    /// </summary>
    public long LogLimit { get; init; } = 512L << 20;

    /// <summary>
    /// How often the server is pinged, and the time limit for a reply. After four missed replies in a row it is restarted.
    /// </summary>
    internal TimeSpan AskInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// <see cref="DataLossException.Loss"/> of a loss that was refused before, to go on with the remaining data; null, the
    /// default, accepts none.
    /// </summary>
    public string? AcceptDataLoss { get; init; }

    /// <summary>The option by which an operator sets <see cref="AcceptDataLoss"/>, for messages about a loss.</summary>
    public string AcceptDataLossOption { get; init; } = nameof(AcceptDataLoss);

    /// <summary>
    /// The default of <see cref="Memory"/> on a machine or in a container with so much memory: half of it, but at most 4 GiB. A start
    /// reads all data before it serves, and more data than that would make it take minutes.
    /// </summary>
    public static long DefaultMemory(long available) => Math.Clamp(available / 2, LeastMemory, 4L << 30);

    /// <summary>
    /// Receives one line for each thing that an operator should know: a slow start, a server that died or did not answer and
    /// was started again, a full disk. Called from any thread.
    /// </summary>
    public Action<string> Log { get; init; } = static _ => { };
}
