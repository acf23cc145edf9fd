namespace Morag.EmbeddedRedis;

/// <summary>Options of <see cref="EmbeddedRedis.StartAsync"/>.</summary>
public sealed record EmbeddedRedisOptions
{
    /// <summary>
    /// Folder of the data. It is created if necessary, readable by this user alone. Only one running <see cref="EmbeddedRedis"/> can use
    /// it at a time. The data stays in it between starts.
    /// </summary>
    public required string DataFolder { get; init; }

    /// <summary>The lowest allowed value of <see cref="Memory"/>, in bytes: 384 MiB.</summary>
    public const long LeastMemory = 384L << 20;

    /// <summary>What the server takes before it holds any data, in bytes: its runtime, its index and its log buffers.</summary>
    private const long ServerMemory = 192L << 20;

    /// <summary>
    /// Memory that the server may take, in bytes, at least <see cref="LeastMemory"/>; <see cref="DefaultMemory"/> by default. The server
    /// does not enforce it: writers must stop when <see cref="EmbeddedRedis.IsFull"/> is true.
    /// </summary>
    public long Memory { get; init; } = DefaultMemory(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>
    /// How much data fits into <see cref="Memory"/>, in bytes as the server counts them. The rest of the memory is for the server itself
    /// and its garbage collector.
    /// </summary>
    public long DataLimit => (Memory - ServerMemory) / 3 * 2;

    /// <summary>
    /// How much the server's log may grow, in bytes, before the server restarts, which takes seconds. A recovery reads the log since the
    /// last start, so this also bounds the duration of a start. Positive; 512 MiB by default.
    /// </summary>
    public long LogLimit { get; init; } = 512L << 20;

    /// <summary>How often the server is pinged, and the time limit for its reply. Four missed replies in a row restart it.</summary>
    internal TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The <see cref="DataLossException.Token"/> of an earlier refusal, to start without the data that is missing. Null, the default,
    /// accepts no loss.
    /// </summary>
    public string? AcceptDataLoss { get; init; }

    /// <summary>The option with which an operator sets <see cref="AcceptDataLoss"/>, for messages about a loss.</summary>
    public string AcceptDataLossOption { get; init; } = nameof(AcceptDataLoss);

    /// <summary>
    /// The default of <see cref="Memory"/>: half of the memory of the machine or container, from <see cref="LeastMemory"/> to 4 GiB. A
    /// start reads all data before it serves clients, and would take minutes with more than that.
    /// </summary>
    /// <param name="available">Memory of the machine or container, in bytes.</param>
    public static long DefaultMemory(long available) => Math.Clamp(available / 2, LeastMemory, 4L << 30);

    /// <summary>
    /// Receives one line for each event that an operator should know about: a slow start, a crash and the restart after it, a full disk.
    /// Called on any thread.
    /// </summary>
    public Action<string> Log { get; init; } = static _ => { };
}
