using System.Globalization;
using System.Net;
using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Query;

/// <summary>
/// Finds the persistence ids by the names of the keys of all masters, page by page. As SCAN does, it finds each id that is there
/// all the time, and may find one twice.
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

    /// <summary>Prepares to read the keys of every master that there is now.</summary>
    /// <exception cref="RedisException">A master cannot be reached.</exception>
    public static async Task<PersistenceIdScan> BeginAsync(OpenConnection open, CancellationToken cancellation)
    {
        var any = AnyMaster(open.Multiplexer);
        if (!open.Keys.OnCluster) return new PersistenceIdScan(open, [any]);

        var cluster = await any.ClusterNodesAsync().WaitAsync(cancellation).ConfigureAwait(false)
            ?? throw new RedisException("Redis Cluster does not tell its nodes.");
        // A master without slots has been replaced, or is new; one that cannot be reached fails the scan: nothing is left out.
        var masters = cluster.Nodes
            .Where(static node => !node.IsReplica && node.Slots.Count > 0)
            .OrderBy(static node => node.NodeId, StringComparer.Ordinal);
        return new PersistenceIdScan(open, [.. masters.Select(node => Server(open.Multiplexer, node.EndPoint!))]);
    }

    /// <summary>Reads the next page, from about so many keys; most pages are short, and some are empty.</summary>
    public async Task<Page> ReadAsync(Position position, CancellationToken cancellation, int keys = KeysPerPage)
    {
        if (position.Master >= _masters.Count) return new Page([], null);

        var reply = await _masters[position.Master]
            .ExecuteAsync(
                _open.Database.Database,
                "SCAN",
                [position.Cursor, "MATCH", _open.Keys.JournalPattern, "COUNT", keys])
            .WaitAsync(cancellation)
            .ConfigureAwait(false);
        var cursor = (string)reply[0]!;
        var ids = await Task.WhenAll(((string[])reply[1]!).Select(IdOnceAsync)).WaitAsync(cancellation).ConfigureAwait(false);

        Position? next = cursor != Position.Start.Cursor ? position with { Cursor = cursor }
            : position.Master + 1 < _masters.Count ? new Position(position.Master + 1, Position.Start.Cursor)
            : null;
        return new Page([.. ids.OfType<string>()], next);
    }

    private static IServer AnyMaster(IConnectionMultiplexer multiplexer)
    {
        try
        {
            return multiplexer.GetServer(default(RedisKey), flags: CommandFlags.DemandMaster);
        }
        catch (InvalidOperationException e)
        {
            throw new RedisException("No master of Redis is connected.", e);
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
            throw new RedisException($"The master {address} has joined the cluster just now.", e);
        }
    }

    /// <summary>
    /// An id is found by the key of its highest number; by that of its events only where a crash has left no number, or else it
    /// would be found twice.
    /// </summary>
    private async Task<string?> IdOnceAsync(string key)
    {
        var id = _open.Keys.PersistenceIdIn(key, out var isCounter);
        if (id is null || isCounter) return id;
        var isCounted = await _open.Database.KeyExistsAsync(_open.Keys.Counter(id), CommandFlags.DemandMaster).ConfigureAwait(false);
        return isCounted ? null : id;
    }

    /// <summary>Where a scan is.</summary>
    /// <param name="Master">Which of the masters is read, from 0.</param>
    /// <param name="Cursor">The cursor that this master gave.</param>
    internal readonly record struct Position(int Master, string Cursor)
    {
        /// <summary>Nothing was read yet.</summary>
        public static Position Start { get; } = new(0, "0");

        /// <summary>Reads what <see cref="ToString"/> has written.</summary>
        /// <exception cref="FormatException">The text is something else.</exception>
        public static Position Parse(string text)
            => text.Split('-') is [var master, var cursor]
                && int.TryParse(master, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && ulong.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out _)
                    ? new Position(number, cursor)
                    : throw new FormatException($"\"{text}\" is no place in a list of persistence ids.");

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Master}-{Cursor}");
    }

    /// <summary>Some persistence ids.</summary>
    /// <param name="Ids">The ids, in no order.</param>
    /// <param name="Next">Where to read on; null at the end.</param>
    internal sealed record Page(IReadOnlyList<string> Ids, Position? Next);
}
