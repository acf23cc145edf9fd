using System.Text;

namespace Morag.Failover.Client.Connection;

/// <summary>Reads the body of a response as text.</summary>
internal static class AnswerText
{
    /// <summary>
    /// Reads it as UTF-8, whatever encoding the response names: that of a node is UTF-8, and another server may name one that does not
    /// exist.
    /// </summary>
    public static async Task<string> ReadAsync(HttpResponseMessage response, CancellationToken cancellation) =>
        Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(cancellation)).TrimStart('\uFEFF');
}
