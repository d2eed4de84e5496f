// GraphiQL on this server; `?query=` and `?variables=` fill it.
"use strict";
const asked = new URLSearchParams(location.search);
const welcome = `# Ask for metrics as fields, group them by what stands under "by".
# The documentation is behind the book on the left.
{
  metrics(first: 50) {
    nodes { name label unit description owner }
  }
}
`;
ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: "/graphql" }),
    query: asked.get("query") ?? undefined,
    variables: asked.get("variables") ?? undefined,
    defaultQuery: welcome,
  }),
);
