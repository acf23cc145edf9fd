using System.Globalization;
using System.Text.Json;
using Morag.Failover.Node.Stores;
using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Failover.Node.Cluster;

/// <summary>
/// The presence of all nodes in Redis: one hash, with a field per process that holds when its presence expires. Forming a cluster, taking
/// over and renewing are decided by one server in one order: either a node renews in time and is not taken over, or it is taken over and
/// its next renewal says so. Of nodes that start at the same time, one forms the cluster. A damaged value, neither a time nor a mark of a
/// take-over, counts as none: the node that it belongs to writes it again, and otherwise a renewal removes it.
/// </summary>
internal sealed class PresenceTable : IDisposable
{
    /// <summary>The key of the hash.</summary>
    public const string Key = "morag:presence";

    /// <summary>How long an entry outlives the process. After a longer freeze, it learns from the cluster that it was removed.</summary>
    private const int KeptMilliseconds = 24 * 60 * 60 * 1000;

    private const long AnotherRedis = -1;
    private const string TakenOver = "x";

    /// <summary>The field with the owner role of the cluster. No id of a node starts like it.</summary>
    private const string OwnerRoleField = "=owner-role";

    /// <summary>
    /// Reads the clock of Redis, and the time in a value: until when a node is present, or when it was taken over. Without such a time,
    /// the value is damaged. The longest presence is a minute, so a time more than an hour ahead is damaged too.
    /// </summary>
    private const string Clock =
        """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local function instant(value)
          local at = tonumber(value and string.match(value, '^x?(%d+)$') or nil)
          return at and at - now < 3600000 and at or nil
        end
        local function taken(value) return value and string.sub(value, 1, 1) == 'x' end

        """;

    private const string RenewScript = Clock +
        """
        if KEYS[2] and redis.call('GET', KEYS[2]) ~= ARGV[4] then return { -1 } end
        if taken(redis.call('HGET', KEYS[1], ARGV[1])) then return { 0 } end
        redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now + ARGV[2]))
        local all = redis.call('HGETALL', KEYS[1])
        local reply = { 1 }
        for i = 1, #all, 2 do
          if string.sub(all[i], 1, 1) ~= '=' then
            local at = instant(all[i + 1])
            if not at or now - at > tonumber(ARGV[3]) then
              redis.call('HDEL', KEYS[1], all[i])
            else
              reply[#reply + 1] = all[i]
              reply[#reply + 1] = taken(all[i + 1]) and 'x' or string.format('%.0f', at - now)
            end
          end
        end
        return reply
        """;

    /// <summary>Reads the presence of all nodes that were not taken over: the id, the value, and the time that remains.</summary>
    private const string ReadScript = Clock +
        """
        if KEYS[2] and redis.call('GET', KEYS[2]) ~= ARGV[2] then return { '-1' } end
        local all = redis.call('HGETALL', KEYS[1])
        local reply = { redis.call('HGET', KEYS[1], ARGV[1]) or false }
        for i = 1, #all, 2 do
          local at = instant(all[i + 1])
          if at and string.sub(all[i], 1, 1) ~= '=' and not taken(all[i + 1]) then
            reply[#reply + 1] = all[i]
            reply[#reply + 1] = all[i + 1]
            reply[#reply + 1] = string.format('%.0f', at - now)
          end
        end
        return reply
        """;

    /// <summary>
    /// Makes a node the only one, and ends the presence of those that it found dead. If any other node is there, or if a dead one has
    /// renewed its presence since, nothing changes.
    /// </summary>
    private const string FormScript = Clock +
        """
        if KEYS[2] and redis.call('GET', KEYS[2]) ~= ARGV[5] then return -1 end
        local dead = cjson.decode(ARGV[4])
        local all = redis.call('HGETALL', KEYS[1])
        for i = 1, #all, 2 do
          local counts = all[i] ~= ARGV[1] and string.sub(all[i], 1, 1) ~= '=' and instant(all[i + 1]) and not taken(all[i + 1])
          if counts and dead[all[i]] ~= all[i + 1] then return 0 end
        end
        for node in pairs(dead) do
          redis.call('HSET', KEYS[1], node, 'x' .. string.format('%.0f', now))
        end
        redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now + ARGV[2]), '=owner-role', ARGV[3])
        return 1
        """;

    private const string TakeOverScript = Clock +
        """
        if KEYS[2] and redis.call('GET', KEYS[2]) ~= ARGV[3] then return -1 end
        local own = redis.call('HGET', KEYS[1], ARGV[1])
        if taken(own) or (instant(own) or 0) <= now then return 0 end
        local other = redis.call('HGET', KEYS[1], ARGV[2])
        if taken(other) then return 1 end
        if (instant(other) or now + 1) > now then return 0 end
        redis.call('HSET', KEYS[1], ARGV[2], 'x' .. string.format('%.0f', now))
        return 1
        """;

    private const string EndScript = Clock +
        """
        if KEYS[2] and redis.call('GET', KEYS[2]) ~= ARGV[2] then return -1 end
        if taken(redis.call('HGET', KEYS[1], ARGV[1])) then return 0 end
        redis.call('HSET', KEYS[1], ARGV[1], 'x' .. string.format('%.0f', now))
        return 1
        """;

    private readonly PresenceTableSettings settings;
    private readonly RedisKey[] keys;
    private readonly RedisValue[] identity;
    private readonly AgreementConnection connection;

    public PresenceTable(PresenceTableSettings settings)
    {
        this.settings = settings;
        keys = settings.IdentityKey is { } key ? [Key, key] : [Key];
        identity = settings.IdentityValue is { } value ? [value] : [];
        connection = new AgreementConnection(settings.ConnectionString, settings.Authority, "morag-presence", settings.Timeout / 8);
    }

    /// <summary>Renews the presence of a node and reads that of all.</summary>
    /// <param name="node">The node's id.</param>
    /// <exception cref="PresenceException">Redis does not answer, or it is not the Redis of this cluster.</exception>
    public async Task<PresenceReading> RenewAsync(string node)
    {
        RedisValue[] arguments = [node, (long)settings.Timeout.TotalMilliseconds, KeptMilliseconds, .. identity];
        var reply = (RedisResult[])(await RunAsync(RenewScript, arguments))!;
        var status = (long)reply[0];
        if (status != 1)
        {
            return status == AnotherRedis ? throw ForAnotherRedis() : PresenceReading.WasTakenOver;
        }

        var nodes = new Dictionary<string, PresenceEntry>(StringComparer.Ordinal);
        for (var at = 1; at + 1 < reply.Length; at += 2)
        {
            var value = (string)reply[at + 1]!;
            nodes[(string)reply[at]!] = value == TakenOver
                ? PresenceEntry.OfTakenOver
                : new PresenceEntry(TimeSpan.FromMilliseconds(long.Parse(value, CultureInfo.InvariantCulture)), IsTakenOver: false);
        }

        return new PresenceReading(nodes);
    }

    /// <summary>Reads the presence of all nodes that were not taken over, without one of this node.</summary>
    /// <exception cref="PresenceException">Redis does not answer, or it is not the Redis of this cluster.</exception>
    public async Task<PresenceOverview> ReadAsync()
    {
        var reply = (RedisResult[])(await RunAsync(ReadScript, [OwnerRoleField, .. identity]))!;
        var role = (string?)reply[0];
        if (reply.Length == 1 && role == AnotherRedis.ToString(CultureInfo.InvariantCulture))
        {
            throw ForAnotherRedis();
        }

        var rows = new Dictionary<string, PresenceRow>(StringComparer.Ordinal);
        for (var at = 1; at + 2 < reply.Length; at += 3)
        {
            var remaining = TimeSpan.FromMilliseconds(long.Parse((string)reply[at + 2]!, CultureInfo.InvariantCulture));
            rows[(string)reply[at]!] = new PresenceRow((string)reply[at + 1]!, remaining);
        }

        return new PresenceOverview(rows, role);
    }

    /// <summary>
    /// Makes a node the first one of a new cluster. False if a node is present that is not in <paramref name="dead"/> with its last value.
    /// </summary>
    /// <param name="node">The node's id.</param>
    /// <param name="ownerRole">The role of the nodes that hold owners; empty if all nodes do.</param>
    /// <param name="dead">The nodes that no longer renew their presence, each with the value that it last had.</param>
    /// <exception cref="PresenceException">Redis does not answer, or it is not the Redis of this cluster.</exception>
    public async Task<bool> FormAsync(string node, string ownerRole, IReadOnlyDictionary<string, string> dead)
    {
        RedisValue[] arguments =
            [node, (long)settings.Timeout.TotalMilliseconds, ownerRole, JsonSerializer.Serialize(dead), .. identity];
        return (long)await RunAsync(FormScript, arguments) switch
        {
            AnotherRedis => throw ForAnotherRedis(),
            var result => result == 1,
        };
    }

    /// <summary>
    /// Takes over from a node whose presence has expired. False if it has renewed it after all, or if the presence of
    /// <paramref name="node"/> itself has expired.
    /// </summary>
    /// <exception cref="PresenceException">Redis does not answer, or it is not the Redis of this cluster.</exception>
    public async Task<bool> TakeOverAsync(string node, string from) =>
        (long)await RunAsync(TakeOverScript, [node, from, .. identity]) switch
        {
            AnotherRedis => throw ForAnotherRedis(),
            var result => result == 1,
        };

    /// <summary>Ends the presence of a node that the cluster has downed, whether it has expired or not.</summary>
    /// <exception cref="PresenceException">Redis does not answer, or it is not the Redis of this cluster.</exception>
    public async Task EndAsync(string node)
    {
        if ((long)await RunAsync(EndScript, [node, .. identity]) == AnotherRedis)
        {
            throw ForAnotherRedis();
        }
    }

    /// <inheritdoc />
    public void Dispose() => connection.Dispose();

    private async Task<RedisResult> RunAsync(string script, RedisValue[] arguments)
    {
        try
        {
            return await connection.RunAsync(script, keys, arguments, settings.Timeout);
        }
        catch (TimeoutException e)
        {
            throw new PresenceException($"Redis did not answer within {settings.Timeout.TotalSeconds:0.###} s", e);
        }
        catch (RedisException e)
        {
            throw new PresenceException(RedisErrorText.Describe(e), e);
        }
    }

    private PresenceException ForAnotherRedis() => new($"{settings.IdentityKey} in Redis is not {settings.IdentityValue}", null);
}

/// <summary>How to reach the presence in Redis. Not a record, because its text would contain the password.</summary>
internal sealed class PresenceTableSettings
{
    public required string ConnectionString { get; init; }

    /// <summary>The file with the certificate of an authority to trust; null for those of the machine.</summary>
    public string? Authority { get; init; }

    /// <summary>How long a presence lasts without being renewed, and how long Redis may take to answer.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>A key, and the value it must hold: another Redis in the place of this one knows nothing about the nodes.</summary>
    public string? IdentityKey { get; init; }

    public string? IdentityValue { get; init; }
}

/// <summary>The presence of a node.</summary>
/// <param name="Remaining">The time until it expires; negative if it has.</param>
/// <param name="IsTakenOver">Whether it was ended by another node.</param>
internal readonly record struct PresenceEntry(TimeSpan Remaining, bool IsTakenOver)
{
    public static readonly PresenceEntry OfTakenOver = new(TimeSpan.Zero, IsTakenOver: true);
}

/// <summary>The presence of a node as a starting node reads it.</summary>
/// <param name="Value">The stored value, which each renewal changes.</param>
/// <param name="Remaining">The time until it expires, by the clock of Redis; negative if it has.</param>
internal readonly record struct PresenceRow(string Value, TimeSpan Remaining);

/// <summary>The presence of all nodes that were not taken over.</summary>
/// <param name="Rows">The presence by the id of the node.</param>
/// <param name="OwnerRole">The owner role of the last cluster that was formed; null if none was.</param>
internal sealed record PresenceOverview(IReadOnlyDictionary<string, PresenceRow> Rows, string? OwnerRole);

/// <summary>What a renewal returned.</summary>
/// <param name="Nodes">The presence of every node by id; null if the renewing node has been taken over.</param>
internal sealed record PresenceReading(IReadOnlyDictionary<string, PresenceEntry>? Nodes)
{
    public static readonly PresenceReading WasTakenOver = new(Nodes: null);
}

/// <summary>The presence in Redis could not be read or changed.</summary>
internal sealed class PresenceException(string message, Exception? inner) : Exception(message, inner);
