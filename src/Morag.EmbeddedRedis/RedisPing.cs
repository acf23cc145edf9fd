using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Morag.EmbeddedRedis;

/// <summary>Asks a server on loopback whether it serves commands, in the few bytes of the Redis protocol that takes.</summary>
internal static class RedisPing
{
    private static readonly byte[] Expected = "+OK\r\n+PONG\r\n"u8.ToArray();

    /// <summary>True once the server has accepted the password and answered PING; false when it does not serve yet.</summary>
    public static async Task<bool> AnswersAsync(int port, string password, TimeSpan bound, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(bound);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, limit.Token).ConfigureAwait(false);
            var stream = client.GetStream();
            var request = Encoding.ASCII.GetBytes($"*2\r\n$4\r\nAUTH\r\n${password.Length}\r\n{password}\r\n*1\r\n$4\r\nPING\r\n");
            await stream.WriteAsync(request, limit.Token).ConfigureAwait(false);
            var answer = new byte[Expected.Length];
            await stream.ReadExactlyAsync(answer, limit.Token).ConfigureAwait(false);
            return answer.AsSpan().SequenceEqual(Expected);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }
}
