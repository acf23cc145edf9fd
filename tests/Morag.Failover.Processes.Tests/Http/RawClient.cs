using System.Net.Http.Headers;
using System.Text;

namespace Morag.Failover.Processes.Tests.Http;

/// <summary>A raw HTTP request.</summary>
internal sealed record RawRequest(string Method, string PathAndQuery, byte[]? Body = null, string ContentType = "application/json")
{
    /// <summary>A valid call on a stage.</summary>
    public static RawRequest Of(ApiCall call, Stage stage) => new(
        call.Method,
        stage.Fill(call.Query.Length > 0 ? $"{call.Path}?{call.Query}" : call.Path),
        call.Body is null ? null : Encoding.UTF8.GetBytes(stage.Fill(call.Body)));

    /// <inheritdoc />
    public override string ToString()
    {
        var body = Body is null ? "" : Encoding.UTF8.GetString(Body.AsSpan(0, Math.Min(Body.Length, 300)));
        return $"{Method} {(PathAndQuery.Length > 200 ? PathAndQuery[..200] + "..." : PathAndQuery)} {ContentType} {body}";
    }
}

/// <summary>Sends requests without normalizing their paths.</summary>
internal sealed class RawClient(Uri node) : IDisposable
{
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>Sends a request, and reads only the headers of the answer.</summary>
    public async Task<HttpResponseMessage> SendAsync(RawRequest raw)
    {
        var address = new Uri(
            node.GetLeftPart(UriPartial.Authority) + raw.PathAndQuery,
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(new HttpMethod(raw.Method), address);
        if (raw.Body is not null)
        {
            request.Content = new ByteArrayContent(raw.Body);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(raw.ContentType);
        }

        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public void Dispose() => http.Dispose();
}
