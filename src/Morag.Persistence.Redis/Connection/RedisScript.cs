using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>A Lua script. It is called by its hash, and sent as text only if Redis does not know the hash.</summary>
internal sealed class RedisScript
{
    private readonly string _text;
    private readonly byte[] _hash;

    private RedisScript(string text)
    {
        _text = text;
#pragma warning disable CA5350 // Redis identifies scripts by SHA-1. This is not a use for security.
        _hash = SHA1.HashData(Encoding.UTF8.GetBytes(text));
#pragma warning restore CA5350
    }

    /// <summary>Loads a script from the resources of this assembly.</summary>
    /// <exception cref="ArgumentException">There is no such script.</exception>
    public static RedisScript Load(string name)
    {
        using var stream = typeof(RedisScript).Assembly.GetManifestResourceStream($"Morag.Persistence.Redis.{name}.lua")
            ?? throw new ArgumentException($"There is no script {name}.", nameof(name));
        using var reader = new StreamReader(stream);
        return new RedisScript(reader.ReadToEnd());
    }

    /// <summary>
    /// Runs a script that first checks the identity of Redis. Appends the identity's key to the keys and its value to the values.
    /// </summary>
    /// <exception cref="WrongStoreException">Redis has another identity. The script has done nothing.</exception>
    public Task<RedisResult> RunGuardedAsync(OpenConnection open, RedisKey[] keys, RedisValue[] values)
        => open.Identity is { } identity
            ? RunWithIdentityAsync(open, [.. keys, identity.Key], [.. values, identity.Value])
            : RunAsync(open, keys, [.. values, RedisValue.EmptyString]);

    /// <summary>Runs a script that first checks the identity of Redis, which the caller has added to the keys and values.</summary>
    /// <exception cref="WrongStoreException">Redis has another identity. The script has done nothing.</exception>
    public async Task<RedisResult> RunWithIdentityAsync(OpenConnection open, RedisKey[] keys, RedisValue[] values)
    {
        try
        {
            return await RunAsync(open, keys, values).ConfigureAwait(false);
        }
        catch (RedisServerException e) when (StoreIdentity.IsMismatch(e.Message))
        {
            await open.CheckIdentityAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Runs the script, never twice: Redis rejects an unknown hash before it does anything.</summary>
    public async Task<RedisResult> RunAsync(OpenConnection open, RedisKey[] keys, RedisValue[] values)
    {
        try
        {
            return await open
                .ExecuteAsync(redis => redis.ScriptEvaluateAsync(_hash, keys, values, CommandFlags.DemandMaster))
                .ConfigureAwait(false);
        }
        catch (RedisServerException e) when (e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            // The client's own script cache would need another command, and another permission.
            const CommandFlags Flags = CommandFlags.DemandMaster | CommandFlags.NoScriptCache;
            return await open.ExecuteAsync(redis => redis.ScriptEvaluateAsync(_text, keys, values, Flags)).ConfigureAwait(false);
        }
    }
}
