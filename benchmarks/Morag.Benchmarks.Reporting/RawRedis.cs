using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Morag.Benchmarks.Reporting;

/// <summary>Measures Redis alone: the transaction that stores one event, sent over a socket without a client library.</summary>
internal static class RawRedis
{
    private const int EventSize = 200;
    private const int RepliesPerTransaction = 6;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(1);

    /// <summary><c>MULTI; ZADD; SET; EXEC</c> per second.</summary>
    /// <param name="port">The port of Redis on 127.0.0.1.</param>
    /// <param name="depth">How many transactions are in flight.</param>
    /// <param name="keys">How many sorted sets they are spread over.</param>
    public static async Task<double> TransactionsPerSecondAsync(int port, int depth, int keys = 1)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync("127.0.0.1", port);
        await using var stream = client.GetStream();
        var buffer = new byte[64 * 1024];
        var sequence = 0;
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < Duration)
        {
            var requests = new StringBuilder();
            for (var number = 0; number < depth; number++)
            {
                sequence++;
                Append(requests, sequence, string.Create(CultureInfo.InvariantCulture, $"raw:{keys}:{sequence % keys}"));
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes(requests.ToString()));
            for (var lines = 0; lines < depth * RepliesPerTransaction;)
            {
                var read = await stream.ReadAsync(buffer);
                lines += buffer.AsSpan(0, read).Count((byte)'\n');
            }
        }

        return sequence / watch.Elapsed.TotalSeconds;
    }

    private static void Append(StringBuilder requests, int sequence, string key)
    {
        var number = sequence.ToString(CultureInfo.InvariantCulture);
        Append(requests, "MULTI");
        Append(requests, "ZADD", $"{key}:events", number, number.PadRight(EventSize, 'x'));
        Append(requests, "SET", $"{key}:highest", number);
        Append(requests, "EXEC");
    }

    private static void Append(StringBuilder requests, params ReadOnlySpan<string> words)
    {
        _ = requests.Append(CultureInfo.InvariantCulture, $"*{words.Length}\r\n");
        foreach (var word in words)
        {
            _ = requests.Append(CultureInfo.InvariantCulture, $"${word.Length}\r\n{word}\r\n");
        }
    }
}
