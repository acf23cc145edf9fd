using System.Globalization;
using System.Net;
using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Query;

/// <summary>
/// Finds the persistence ids by scanning the keys of all masters, page by page. With the guarantees of SCAN: it finds each id that exists
/// throughout the scan, and may find an id twice.
/// </summary>
internal sealed class PersistenceIdScan
{
    private const int KeysPerPage = 1000;

    private readonly OpenConnection _open;
    private readonly IReadOnlyList<IServer> _masters;

    private PersistenceIdScan(OpenConnection open, IReadOnlyList<IServer> masters)
    {
        _open = open;
        _masters = masters;
    }

    /// <summary>Starts a scan of the current masters.</summary>
    /// <exception cref="RedisException">A master cannot be reached.</exception>
    public static async Task<PersistenceIdScan> BeginAsync(OpenConnection open, CancellationToken cancellation)
    {
        var any = AnyMaster(open.Multiplexer);
        if (!open.Keys.OnCluster) return new PersistenceIdScan(open, [any]);

        var cluster = await any.ClusterNodesAsync().WaitAsync(cancellation).ConfigureAwait(false)
            ?? throw new RedisException("Redis Cluster does not list its nodes. Check that its user may run CLUSTER NODES.");
        // A master without slots is new or was replaced. A master that cannot be reached fails the scan, so no ids are omitted.
        var masters = cluster.Nodes
            .Where(static node => !node.IsReplica && node.Slots.Count > 0)
            .OrderBy(static node => node.NodeId, StringComparer.Ordinal);
        return new PersistenceIdScan(open, [.. masters.Select(node => Server(open.Multiplexer, node.EndPoint!))]);
    }

    /// <summary>Reads the next page. Most pages are short, and some are empty.</summary>
    /// <param name="position">Position of the page.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <param name="keys">Approximate number of keys to scan.</param>
    public async Task<ScanPage> ReadAsync(Position position, CancellationToken cancellation, int keys = KeysPerPage)
    {
        if (position.Master >= _masters.Count) return new ScanPage([], null);

        var reply = await _masters[position.Master]
            .ExecuteAsync(
                _open.Database.Database,
                "SCAN",
                [position.Cursor, "MATCH", _open.Keys.JournalPattern, "COUNT", keys])
            .WaitAsync(cancellation)
            .ConfigureAwait(false);
        var cursor = (string)reply[0]!;
        var ids = await Task.WhenAll(((string[])reply[1]!).Select(FindIdOnceAsync)).WaitAsync(cancellation).ConfigureAwait(false);

        Position? next = cursor != Position.Start.Cursor ? position with { Cursor = cursor }
            : position.Master + 1 < _masters.Count ? new Position(position.Master + 1, Position.Start.Cursor)
            : null;
        return new ScanPage([.. ids.OfType<string>()], next);
    }

    private static IServer AnyMaster(IConnectionMultiplexer multiplexer)
    {
        try
        {
            return multiplexer.GetServer(default(RedisKey), flags: CommandFlags.DemandMaster);
        }
        catch (InvalidOperationException e)
        {
            throw new RedisException("No primary of Redis is connected.", e);
        }
    }

    private static IServer Server(IConnectionMultiplexer multiplexer, EndPoint address)
    {
        try
        {
            return multiplexer.GetServer(address);
        }
        catch (ArgumentException e)
        {
            throw new RedisException($"The master {address} has just joined the cluster. Try again.", e);
        }
    }

    /// <summary>
    /// Returns the id of a key with a highest sequence number. Returns the id of a key with events only if a crash has left no highest
    /// number, because the id would be found twice otherwise.
    /// </summary>
    private async Task<string?> FindIdOnceAsync(string key)
    {
        var id = _open.Keys.PersistenceIdIn(key, out var isCounter);
        if (id is null || isCounter) return id;
        var isCounted = await _open.Database.KeyExistsAsync(_open.Keys.Counter(id), CommandFlags.DemandMaster).ConfigureAwait(false);
        return isCounted ? null : id;
    }

    /// <summary>Position of a scan.</summary>
    /// <param name="Master">Index of the master, starting at 0.</param>
    /// <param name="Cursor">The SCAN cursor of this master.</param>
    internal readonly record struct Position(int Master, string Cursor)
    {
        /// <summary>The beginning.</summary>
        public static Position Start { get; } = new(0, "0");

        /// <summary>Parses the result of <see cref="ToString"/>.</summary>
        /// <exception cref="FormatException">The text is not a position.</exception>
        public static Position Parse(string text)
            => text.Split('-') is [var master, var cursor]
                && int.TryParse(master, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && ulong.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out _)
                    ? new Position(number, cursor)
                    : throw new FormatException($"\"{text}\" is not a position in a list of persistence ids.");

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Master}-{Cursor}");
    }

    /// <summary>A page of persistence ids.</summary>
    /// <param name="Ids">The ids, in no order.</param>
    /// <param name="Next">Position of the next page. Null if this is the last page.</param>
    internal sealed record ScanPage(IReadOnlyList<string> Ids, Position? Next);
}
