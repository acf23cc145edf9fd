using System.Collections.Concurrent;
using System.Globalization;
using StackExchange.Redis;

namespace Morag.EmbeddedRedis.Tests;

/// <summary>Writes concurrently to a server, and remembers which writes were acknowledged.</summary>
internal sealed class AcknowledgedWrites(IDatabase database, int round = 1)
{
    private const int Writers = 20;
    private readonly ConcurrentBag<string> acknowledged = [];
    private volatile bool stopping;

    public int Count => acknowledged.Count;

    /// <summary>Writes until the server is gone or <see cref="Stop"/> is called. The task ends then.</summary>
    public Task RunAsync() => Task.WhenAll(Enumerable.Range(0, Writers).Select(WriteAsync));

    public void Stop() => stopping = true;

    public async Task AssertAllInAsync(IDatabase recovered)
    {
        Assert.NotEmpty(acknowledged);
        var keys = acknowledged.ToList();
        var values = await recovered.StringGetAsync([.. keys.Select(key => (RedisKey)key)]);
        Assert.Equal(keys, values.Select(value => (string?)value));
    }

    private async Task WriteAsync(int writer)
    {
        try
        {
            for (var n = 0; !stopping; n++)
            {
                var key = string.Create(CultureInfo.InvariantCulture, $"{round}-{writer}-{n}");
                await database.StringSetAsync(key, key);
                acknowledged.Add(key);
            }
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // It was not acknowledged, so it may be stored or not.
        }
    }
}
