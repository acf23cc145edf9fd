using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>A Lua script, sent by its hash; the text follows where Redis does not know the hash.</summary>
internal sealed class RedisScript
{
    private readonly string _text;
    private readonly byte[] _hash;

    private RedisScript(string text)
    {
        _text = text;
#pragma warning disable CA5350 // Redis names scripts by SHA-1; nothing secret depends on it.
        _hash = SHA1.HashData(Encoding.UTF8.GetBytes(text));
#pragma warning restore CA5350
    }

    /// <summary>Reads a script of this assembly.</summary>
    public static RedisScript Load(string name)
    {
        using var stream = typeof(RedisScript).Assembly.GetManifestResourceStream($"Morag.Persistence.Redis.{name}.lua")
            ?? throw new ArgumentException($"There is no script {name}.", nameof(name));
        using var reader = new StreamReader(stream);
        return new RedisScript(reader.ReadToEnd());
    }

    /// <summary>Runs a script that looks at the identity of Redis first: its key is the last of the keys, its value the last of the values.</summary>
    /// <exception cref="WrongStoreException">Redis is another; the script has done nothing.</exception>
    public Task<RedisResult> RunGuardedAsync(OpenConnection open, RedisKey[] keys, RedisValue[] values)
        => open.Identity is { } identity
            ? RunGuardedByAsync(open, [.. keys, identity.Key], [.. values, identity.Value])
            : RunAsync(open, keys, [.. values, RedisValue.EmptyString]);

    /// <summary>Runs a script that has got the identity in its own way.</summary>
    /// <exception cref="WrongStoreException">Redis is another; the script has done nothing.</exception>
    public async Task<RedisResult> RunGuardedByAsync(OpenConnection open, RedisKey[] keys, RedisValue[] values)
    {
        try
        {
            return await RunAsync(open, keys, values).ConfigureAwait(false);
        }
        catch (RedisServerException e) when (StoreIdentity.Refuses(e.Message))
        {
            await open.CheckIdentityAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Runs the script. It is never run twice: Redis says that it does not know the hash before it does anything.</summary>
    public async Task<RedisResult> RunAsync(OpenConnection open, RedisKey[] keys, RedisValue[] values)
    {
        try
        {
            return await open.AskAsync(redis => redis.ScriptEvaluateAsync(_hash, keys, values, CommandFlags.DemandMaster)).ConfigureAwait(false);
        }
        catch (RedisServerException e) when (e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            // Without the client's own cache of scripts, which needs one more command, and one more right.
            return await open.AskAsync(redis => redis.ScriptEvaluateAsync(_text, keys, values, CommandFlags.DemandMaster | CommandFlags.NoScriptCache)).ConfigureAwait(false);
        }
    }
}
